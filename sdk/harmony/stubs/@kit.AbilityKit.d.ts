/** Ability Kit, as far as it is used here: abilities, wants, the application and its process. */

export interface Want {
  bundleName?: string;
  abilityName?: string;
  uri?: string;
  action?: string;
  parameters?: Record<string, Object>;
}

export namespace AbilityConstant {
  export interface LaunchParam {
    launchReason: number;
    lastExitReason: number;
  }
}

export interface ApplicationStateChangeCallback {
  onApplicationForeground(): void;
  onApplicationBackground(): void;
}

export namespace appManager {
  export enum ProcessState {
    STATE_CREATE = 0,
    STATE_FOREGROUND = 1,
    STATE_ACTIVE = 2,
    STATE_BACKGROUND = 3,
    STATE_DESTROY = 4,
  }
  export interface ProcessInformation {
    pid: number;
    processName: string;
    bundleNames: string[];
    state: ProcessState;
  }
}

export namespace common {
  export interface Context {
    readonly filesDir: string;
    getApplicationContext(): ApplicationContext;
  }
  export interface ApplicationContext extends Context {
    on(type: 'applicationStateChange', callback: ApplicationStateChangeCallback): void;
    off(type: 'applicationStateChange', callback?: ApplicationStateChangeCallback): void;
    getRunningProcessInformation(): Promise<appManager.ProcessInformation[]>;
  }
  export interface UIAbilityContext extends Context {
    readonly abilityInfo: AbilityInfo;
  }
  export interface AbilityInfo {
    readonly name: string;
    readonly bundleName: string;
  }
}

export declare class UIAbility {
  context: common.UIAbilityContext;
  onCreate(want: Want, launchParam: AbilityConstant.LaunchParam): void;
  onNewWant(want: Want, launchParam: AbilityConstant.LaunchParam): void;
  onWindowStageCreate(windowStage: import('./@kit.ArkUI').window.WindowStage): void;
  onWindowStageDestroy(): void;
  onForeground(): void;
  onBackground(): void;
  onDestroy(): void;
}
