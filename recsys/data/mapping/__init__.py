"""Tables as a firm writes them: files, columns, words, numbers and dates, mapped in one YAML."""
