// The types of @viz-js/viz name an element of browsers, which this package has no types for.
interface SVGSVGElement {
  readonly tagName: 'svg'
}
