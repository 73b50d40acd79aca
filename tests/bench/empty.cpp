// A program that does nothing, with the same libraries as deltalog: what starting any such program takes.
int main() { return 0; }
