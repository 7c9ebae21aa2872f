//! What can be wrong with a credential, each with a word that stays. The console translates by these words.

/// One table, from which the enumeration, its list and its words are made.
macro_rules! faults {
    ($($(#[$about:meta])* $fault:ident = $word:literal,)*) => {
        /// A fault of a credential, whatever the vendor.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum CredentialFault {
            $($(#[$about])* $fault,)*
        }

        impl CredentialFault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// The word that stays, in snake_case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$fault => $word,)*
                }
            }
        }
    };
}

faults! {
    /// The file is larger than any key file.
    FileTooLarge = "file_too_large",
    /// The file is JSON, but no object.
    FileNotObject = "file_not_object",
    /// The file is not JSON; `line` and `column` say where.
    FileNotJson = "file_not_json",
    /// A field of the file is missing.
    FieldMissing = "field_missing",
    /// A field of the file is empty.
    FieldEmpty = "field_empty",
    /// A field of the file is not text.
    FieldNotText = "field_not_text",
    /// An address in the file is not an https URL.
    UrlNotHttps = "url_not_https",
    /// The project is no number or word as the vendor gives it.
    ProjectForm = "project_form",
    /// A name is too long or has blanks.
    NameForm = "name_form",
    /// The key is in the PKCS#1 form.
    KeyPkcs1 = "key_pkcs1",
    /// The key is encrypted.
    KeyEncrypted = "key_encrypted",
    /// The key is not PEM text.
    KeyNotPem = "key_not_pem",
    /// The key is not base64 between its first and last line.
    KeyDamaged = "key_damaged",
    /// The key is not an RSA key of an allowed size.
    KeyNotRsa = "key_not_rsa",
    /// The key has a size that is not allowed, of `bits` bits.
    KeySize = "key_size",
    /// The options cannot be read, such as a right that the vendor does not have.
    OptionUnknown = "option_unknown",
    /// The Client ID is no word as the vendor gives it.
    ClientForm = "client_form",
    /// There is no certificate set of this number.
    SetUnknown = "set_unknown",
    /// The address is not a URL.
    BaseUrlUnreadable = "base_url_unreadable",
    /// The address lacks its scheme or host.
    BaseUrlIncomplete = "base_url_incomplete",
    /// The address has a query or a user name.
    BaseUrlExtra = "base_url_extra",
    /// The address is not https, and not one of this machine.
    BaseUrlNotHttps = "base_url_not_https",
}
