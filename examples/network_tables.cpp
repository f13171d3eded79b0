/* network_tables.cpp: a network of two embedding tables, without ONNX, compiled and run.
 *   ./network_tables tables.rkn
 */
#include <reckon/Network.h>
#include <reckon/Runtime/Runtime.hpp>

#include <cstdio>

static int fail(const std::string &message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

/* Row r holds r + 1/2, r + 1/4, ...: something to recognise. */
static std::vector<float> makeRows(int64_t rows, int64_t dim) {
  std::vector<float> values;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < dim; ++column)
      values.push_back(static_cast<float>(row) + 1.0f / static_cast<float>(2 << column % 8));
  return values;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("usage: network_tables ENGINE.rkn");
  std::vector<float> users = makeRows(1000, 64), items = makeRows(10000, 128);

  reckon::Network network;
  reckon::Tensor user = network.addInput("user", reckon::DataType::I64, {"batch"});
  reckon::Tensor item = network.addInput("item", reckon::DataType::I64, {"batch"});
  network.markOutput(network.addEmbedding("user_rows", {"users", 1000, 64, users.data()}, user));
  network.markOutput(network.addEmbedding("item_rows", {"items", 10000, 128, items.data()}, item));
  if (!network.compileToFile(argv[1]))
    return fail(network.error());

  reckon::runtime::Engine engine;
  reckon::runtime::Context context;
  if (auto failed = engine.open(argv[1]))
    return fail(failed.message);
  if (auto failed = context.create(engine))
    return fail(failed.message);
  const int64_t userIds[] = {0, 999, 42}, itemIds[] = {9999, 7, 42};
  context.setInput("user", RECKON_I64, {3}, userIds);
  context.setInput("item", RECKON_I64, {3}, itemIds);
  if (auto failed = context.run())
    return fail(failed.message);
  for (size_t output = 0; output < engine.numOutputs(); ++output) {
    ReckonTensor rows = context.output(output);
    std::printf("%s: %lld x %lld, begin with", engine.output(output).name, static_cast<long long>(rows.shape[0]),
                static_cast<long long>(rows.shape[1]));
    for (int64_t row = 0; row < rows.shape[0]; ++row)
      std::printf(" %g", static_cast<const float *>(rows.data)[row * rows.shape[1]]);
    std::printf("\n");
  }
  return 0;
}
