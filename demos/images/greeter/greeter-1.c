/* greeter 1 knows the first libgreet: a greeting is a text. */
#include <stdio.h>

const char *greet(void);

int main(void) {
  return printf("greeter 1 (libgreet 1): %s\n", greet()) < 0;
}
