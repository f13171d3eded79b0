#include "Npy.h"

#include <cstdio>
#include <cstring>
#include <memory>

using namespace movielens;

/* "'shape': (943, 100), " becomes the numbers of the shape. */
static bool readShape(const std::string &header, Ids &ids) {
  size_t begin = header.find("'shape': (");
  if (begin == std::string::npos)
    return false;
  long long rows = -1, columns = 1;
  int read = std::sscanf(header.c_str() + begin, "'shape': (%lld, %lld", &rows, &columns);
  ids.rows = rows;
  ids.columns = columns;
  return read >= 1 && rows >= 0 && columns > 0 && rows <= INT32_MAX && columns <= INT32_MAX;
}

bool movielens::readIds(const std::string &path, Ids &ids, std::string &error) {
  auto fail = [&](const char *why) {
    error = path + ": " + why;
    return false;
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file)
    return fail("cannot be opened");
  unsigned char start[12] = {};
  if (std::fread(start, 1, 10, file.get()) != 10 || std::memcmp(start, "\x93NUMPY", 6) != 0)
    return fail("is no .npy file");
  size_t length = start[8] | start[9] << 8;
  if (start[6] > 1) {
    if (std::fread(start + 10, 1, 2, file.get()) != 2)
      return fail("ends in its header");
    length |= size_t(start[10]) << 16 | size_t(start[11]) << 24;
  }
  std::string header(length, ' ');
  if (length > 1 << 20 || std::fread(header.data(), 1, length, file.get()) != length)
    return fail("ends in its header");
  if (header.find("'<i8'") == std::string::npos || header.find("'fortran_order': False") == std::string::npos)
    return fail("does not hold int64 in rows");
  if (!readShape(header, ids))
    return fail("is neither a vector nor a matrix");
  ids.values.resize(static_cast<size_t>(ids.rows * ids.columns));
  if (std::fread(ids.values.data(), sizeof(int64_t), ids.values.size(), file.get()) != ids.values.size())
    return fail("has fewer numbers than its header says");
  return true;
}
