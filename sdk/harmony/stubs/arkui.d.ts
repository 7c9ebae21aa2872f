/** ArkUI's globals, as far as the sample's pages use them: decorators, components, their attributes. */

interface Resource {
  readonly id: number;
}
type Length = string | number;
type ResourceStr = string | Resource;

declare function $r(name: string, ...params: Object[]): Resource;

declare const Entry: ClassDecorator;
declare const Component: ClassDecorator;
declare const State: PropertyDecorator;
declare const Prop: PropertyDecorator;
declare const Watch: (method: string) => PropertyDecorator;

declare enum HorizontalAlign {
  Start,
  Center,
  End,
}
declare enum FlexAlign {
  Start,
  Center,
  End,
}

declare class CommonMethod<T> {
  width(value: Length): T;
  height(value: Length): T;
  padding(value: Length): T;
  layoutWeight(value: number): T;
  enabled(value: boolean): T;
  onClick(clicked: () => void): T;
}
declare class CommonAttribute extends CommonMethod<CommonAttribute> {}
declare const CommonInstance: CommonAttribute;

/** What a `struct` is. */
declare class CustomComponent extends CommonAttribute {
  build(): void;
  aboutToAppear?(): void;
  aboutToDisappear?(): void;
  onBackPress?(): void | boolean;
}

interface Spacing {
  space?: Length;
}

declare class ColumnAttribute extends CommonMethod<ColumnAttribute> {
  alignItems(value: HorizontalAlign): ColumnAttribute;
  justifyContent(value: FlexAlign): ColumnAttribute;
}
interface ColumnInterface {
  (value?: Spacing): ColumnAttribute;
}
declare const Column: ColumnInterface;
declare const ColumnInstance: ColumnAttribute;

declare class RowAttribute extends CommonMethod<RowAttribute> {}
interface RowInterface {
  (value?: Spacing): RowAttribute;
}
declare const Row: RowInterface;
declare const RowInstance: RowAttribute;

declare class TextAttribute extends CommonMethod<TextAttribute> {
  fontSize(value: Length): TextAttribute;
  fontColor(value: string): TextAttribute;
  maxLines(value: number): TextAttribute;
}
interface TextInterface {
  (content?: ResourceStr): TextAttribute;
}
declare const Text: TextInterface;
declare const TextInstance: TextAttribute;

interface TextInputOptions {
  placeholder?: ResourceStr;
  text?: ResourceStr;
}
declare class TextInputAttribute extends CommonMethod<TextInputAttribute> {
  onChange(changed: (value: string) => void): TextInputAttribute;
}
interface TextInputInterface {
  (value?: TextInputOptions): TextInputAttribute;
}
declare const TextInput: TextInputInterface;
declare const TextInputInstance: TextInputAttribute;

declare class ButtonAttribute extends CommonMethod<ButtonAttribute> {}
interface ButtonInterface {
  (label: ResourceStr): ButtonAttribute;
}
declare const Button: ButtonInterface;
declare const ButtonInstance: ButtonAttribute;

declare class BlankAttribute extends CommonMethod<BlankAttribute> {}
interface BlankInterface {
  (min?: Length): BlankAttribute;
}
declare const Blank: BlankInterface;
declare const BlankInstance: BlankAttribute;

declare class ListAttribute extends CommonMethod<ListAttribute> {}
interface ListInterface {
  (value?: Spacing): ListAttribute;
}
declare const List: ListInterface;
declare const ListInstance: ListAttribute;

declare class ListItemAttribute extends CommonMethod<ListItemAttribute> {}
interface ListItemInterface {
  (): ListItemAttribute;
}
declare const ListItem: ListItemInterface;
declare const ListItemInstance: ListItemAttribute;

declare class ForEachAttribute {}
interface ForEachInterface {
  <T>(all: T[], item: (one: T, index: number) => void, key?: (one: T, index: number) => string): ForEachAttribute;
}
declare const ForEach: ForEachInterface;
