import { DOMParser, type Element } from '@xmldom/xmldom'

/** The root element of a well-formed XML text; null where it is none, or is damaged in any place. */
export function parseXml(text: string): Element | null {
  try {
    const parser = new DOMParser({
      onError: (_, message) => {
        throw new Error(message)
      },
    })
    return parser.parseFromString(text, 'text/xml').documentElement
  } catch {
    return null
  }
}

/** The elements directly below one. */
export function elementsOf(parent: Element): Element[] {
  const children: Element[] = []
  for (let node = parent.firstChild; node; node = node.nextSibling) if (isElement(node)) children.push(node)
  return children
}

function isElement(node: NonNullable<Element['firstChild']>): node is Element {
  return node.nodeType === node.ELEMENT_NODE
}
