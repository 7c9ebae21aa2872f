/** What the compiler must know of ArkUI to parse a page: components with a body, and decorators. */

const COMPONENTS = ['Button', 'Column', 'Divider', 'List', 'ListItem', 'Navigation', 'NavDestination'];
COMPONENTS.push('Row', 'Scroll', 'Stack', 'Text', 'TextInput', 'Blank', 'ForEach', 'If', 'Badge');

/** The `ets` option of the compiler. */
export const arkui = {
  render: { method: ['build', 'pageTransition'], decorator: ['Builder'] },
  components: COMPONENTS,
  libs: [],
  extend: { decorator: ['Extend'], components: [] },
  styles: {
    decorator: 'Styles',
    component: { name: 'Common', type: 'T', instance: 'CommonInstance' },
    property: 'stateStyles',
  },
  concurrent: { decorator: 'Concurrent' },
  customComponent: 'CustomComponent',
  propertyDecorators: [{ name: 'State', needInitialization: false }],
  emitDecorators: [],
  syntaxComponents: {
    paramsUICallback: ['ForEach', 'LazyForEach'],
    attrUICallback: [{ name: 'Repeat', attributes: ['each', 'template'] }],
  },
};
