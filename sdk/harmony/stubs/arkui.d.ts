/** ArkUI. */
