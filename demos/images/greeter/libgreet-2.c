#include <stdio.h>

int greet_by_name(char *text, unsigned long size, const char *name);

int greet_by_name(char *text, unsigned long size, const char *name) {
  return snprintf(text, size, "%s 님, 안녕하세요!", name);
}
