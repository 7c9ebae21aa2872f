/** Basic Services Kit, as far as it is used here: errors and callbacks of the system. */

export interface BusinessError<T = void> extends Error {
  code: number;
  data?: T;
}

export interface Callback<T> {
  (data: T): void;
}

export interface ErrorCallback {
  (error: BusinessError): void;
}

export interface AsyncCallback<T> {
  (error: BusinessError, data: T): void;
}
