/* Reads an .npz from the front, as small readers in C and C++ do (cnpy): file after file by the sizes in their own
   headers, until the directory begins. Prints each array's name, type, shape, and the sum of its finite numbers. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t u16(const unsigned char *at) { return at[0] | at[1] << 8; }
static uint32_t u32(const unsigned char *at) { return u16(at) | u16(at + 2) << 16; }

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

int main(void) {
  unsigned char header[30];
  while (fread(header, 1, 30, stdin) == 30 && u32(header) == 0x04034b50) {
    uint32_t flags = u16(header + 6), method = u16(header + 8), size = u32(header + 22);
    uint32_t nameLength = u16(header + 26), extraLength = u16(header + 28);
    if (flags & 8) fail("the size stands behind the data");
    if (method != 0 || u32(header + 18) != size) fail("the file is compressed");
    char name[512] = {0};
    if (nameLength >= sizeof name || fread(name, 1, nameLength, stdin) != nameLength) fail("no name");
    for (uint32_t i = 0; i < extraLength; i++) getchar();
    unsigned char *data = malloc(size);
    if (fread(data, 1, size, stdin) != size) fail("the file ends too early");
    if (memcmp(data, "\x93NUMPY\x01\x00", 8) != 0) fail("no array");
    uint32_t dictLength = u16(data + 8);
    char *dict = malloc(dictLength + 1);
    memcpy(dict, data + 10, dictLength);
    dict[dictLength] = 0;
    char type[16], shape[128];
    if (sscanf(strstr(dict, "'descr': "), "'descr': '%15[^']'", type) != 1) fail("no type");
    if (sscanf(strstr(dict, "'shape': "), "'shape': (%127[^)])", shape) != 1) shape[0] = 0;
    double sum = 0;
    if (strcmp(type, "<f4") == 0) {
      for (uint32_t at = 10 + dictLength; at < size; at += 4) {
        float number;
        memcpy(&number, data + at, 4);
        if (isfinite(number)) sum += number;
      }
    }
    printf("%s|%s|%s|%.17g\n", name, type, shape, sum);
    free(data);
    free(dict);
  }
  if (u32(header) != 0x02014b50) fail("no directory follows the last file");
  return 0;
}
