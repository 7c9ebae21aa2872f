/** Localization Kit, as far as it is used here: the language of the phone. */

export namespace i18n {
  export class System {
    static getSystemLocale(): string;
  }
}
