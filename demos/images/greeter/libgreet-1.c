const char *greet(void);

const char *greet(void) {
  return "안녕하세요!";
}
