/* Npy.h: whole .npy files of int64 matrices, as numpy.save writes them. */
#ifndef RECKON_EXAMPLES_MOVIELENS_NPY_H
#define RECKON_EXAMPLES_MOVIELENS_NPY_H

#include <cstdint>
#include <string>
#include <vector>

namespace movielens {

/* Rows of int64; a file with one dimension has one column. */
struct Ids {
  int64_t rows = 0, columns = 1;
  std::vector<int64_t> values;
  const int64_t *row(int64_t index) const { return values.data() + index * columns; }
};

/* False with the reason in `error`. */
bool readIds(const std::string &path, Ids &ids, std::string &error);

} // namespace movielens

#endif
