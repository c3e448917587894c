#include "sim/check.h"
int main(void) { return 0; }
