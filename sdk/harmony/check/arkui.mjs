/** What the compiler must know of ArkUI to parse a page: components that have a body, and decorators. */

const COMPONENTS = ['Blank', 'Button', 'Column', 'List', 'ListItem', 'Row', 'Text', 'TextInput'];

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
  propertyDecorators: [
    { name: 'State', needInitialization: true },
    { name: 'Prop', needInitialization: false },
    { name: 'Link', needInitialization: false },
  ],
  emitDecorators: [],
  syntaxComponents: {
    paramsUICallback: ['ForEach', 'LazyForEach'],
    attrUICallback: [{ name: 'Repeat', attributes: ['each', 'template'] }],
  },
};
