
@NODE@() {
    _arguments \
        @SPECS@
}
