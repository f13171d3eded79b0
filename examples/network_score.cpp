/* network_score.cpp: scores users against items by the dot product of their embeddings, without ONNX. The items' rows
 * are twice as wide, so a linear layer takes them to the width of the users' first.
 *   ./network_score score.rkn [OPTION=VALUE ...]
 */
#include <reckon/Network.h>
#include <reckon/Runtime/Runtime.hpp>

#include <cmath>
#include <cstdio>
#include <random>

static constexpr int64_t numUsers = 1000, numItems = 10000, userDim = 64, itemDim = 128;

static int fail(const std::string &message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

static std::vector<float> makeRandom(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float &value : values)
    value = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
  return values;
}

/* What the network should say, in the order of its layers. */
static double expectedScore(const float *user, const float *item, const std::vector<float> &weight,
                            const std::vector<float> &bias) {
  double score = 0;
  for (int64_t column = 0; column < userDim; ++column) {
    double projected = bias[column];
    for (int64_t k = 0; k < itemDim; ++k)
      projected += double(item[k]) * weight[k * userDim + column];
    score += projected * user[column];
  }
  return score;
}

int main(int argc, char **argv) {
  if (argc < 2)
    return fail("usage: network_score ENGINE.rkn [OPTION=VALUE ...]");
  std::vector<std::pair<std::string, std::string>> options;
  for (int i = 2; i < argc; ++i) {
    std::string text = argv[i];
    size_t end = text.find('=');
    options.emplace_back(text.substr(0, end), end == std::string::npos ? "true" : text.substr(end + 1));
  }
  std::vector<float> users = makeRandom(numUsers * userDim, 1), items = makeRandom(numItems * itemDim, 2),
                     weight = makeRandom(itemDim * userDim, 3), bias = makeRandom(userDim, 4);
  using namespace reckon;
  Network network;
  Tensor user = network.addInput("user", DataType::I64, {"batch"});
  Tensor item = network.addInput("item", DataType::I64, {"batch"});
  Tensor userRows = network.addEmbedding("user_rows", {"users", numUsers, userDim, users.data()}, user);
  Tensor itemRows = network.addEmbedding("item_rows", {"items", numItems, itemDim, items.data()}, item);
  Tensor projected = network.addLinear("project", itemRows, {DataType::F32, {itemDim, userDim}, weight.data()},
                                       {DataType::F32, {userDim}, bias.data()});
  Tensor products = network.addElementwise("products", userRows, projected, Elementwise::Multiply);
  network.markOutput(network.addReduction("score", products, 1, Reduction::Sum));
  if (!network.compileToFile(argv[1], options))
    return fail(network.error());

  runtime::Engine engine;
  runtime::Context context;
  if (auto failed = engine.open(argv[1]))
    return fail(failed.message);
  if (auto failed = context.create(engine))
    return fail(failed.message);
  const int64_t userIds[] = {0, 999, 42, 7}, itemIds[] = {9999, 0, 42, 1234};
  context.setInput("user", RECKON_I64, {4}, userIds);
  context.setInput("item", RECKON_I64, {4}, itemIds);
  if (auto failed = context.run())
    return fail(failed.message);
  auto *scores = static_cast<const float *>(context.output(0).data);
  for (int i = 0; i < 4; ++i) {
    double expected = expectedScore(&users[userIds[i] * userDim], &items[itemIds[i] * itemDim], weight, bias);
    std::printf("user %lld, item %lld: %.3f\n", static_cast<long long>(userIds[i]), static_cast<long long>(itemIds[i]),
                scores[i]);
    if (std::abs(scores[i] - expected) > 1e-3 * (1 + std::abs(expected)))
      return fail("expected " + std::to_string(expected));
  }
  return 0;
}
