/* greeter 2 knows the second libgreet: a greeting is for somebody, and greet() is gone. */
#include <stdio.h>

int greet_by_name(char *text, unsigned long size, const char *name);

int main(int count, char **arguments) {
  char text[256];
  if (greet_by_name(text, sizeof text, count > 1 ? arguments[1] : "도커") < 0) {
    return 1;
  }
  return printf("greeter 2 (libgreet 2): %s\n", text) < 0;
}
