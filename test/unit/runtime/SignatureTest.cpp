//===- SignatureTest.cpp - Who made an engine -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "UpdateSample.h"
#include "lib/Engine/EngineSignature.h"
#include "reckon/Engine/SharedEngine.h"
#include "runtime/UpdateLog.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;
using runtime::UpdateLog;

namespace {
using Bytes = std::vector<uint8_t>;

class Signatures : public testing::Test {
protected:
  Signatures() : path("/tmp/reckon-signed-" + std::to_string(getpid())) {
    for (const char *name : {"", "-other"}) {
      std::string file = path + ".key" + name;
      EXPECT_TRUE(makeKeys(file, error)) << error.message;
      EXPECT_TRUE(readSecretKey(file, *name ? otherSecret : secret, error)) << error.message;
      EXPECT_TRUE(readPublicKey(file + ".pub", *name ? other : key, error)) << error.message;
    }
  }
  ~Signatures() override {
    for (const char *end : {"", ".key", ".key.pub", ".key-other", ".key-other.pub", ".log", ".signed"})
      unlink((path + end).c_str());
  }
  static void write(const std::string &file, const Bytes &bytes) {
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  }
  static Bytes read(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  /// The bytes of the signed engine, which is also at `path`.
  Bytes sign(const EngineSpec &spec = sampleSpec()) {
    write(path, sampleEngine(spec));
    EXPECT_TRUE(signEngine(path, path, secret, error)) << error.message;
    return read(path);
  }
  std::string open(const Bytes &bytes, const PublicKey *signer) {
    Engine engine;
    return engine.openMemory(bytes.data(), bytes.size(), {}, signer ? signer->data() : nullptr).message;
  }

  std::string path;
  PublicKey key, other;
  SecretKey secret, otherSecret;
  EngineError error;
};

TEST_F(Signatures, WhatWasSignedIsOpenedWithAndWithoutAKey) {
  Bytes plain = sampleEngine(), bytes = sign();
  ASSERT_GT(bytes.size(), plain.size());
  EXPECT_EQ(std::memcmp(bytes.data() + 64, plain.data() + 64, plain.size() - 64), 0);
  for (const uint8_t *signer : {static_cast<const uint8_t *>(nullptr), static_cast<const uint8_t *>(key.data())}) {
    Engine engine;
    Status failed = engine.open(path, {}, signer);
    ASSERT_FALSE(failed) << failed.message;
    Context context;
    ASSERT_FALSE(context.create(engine, 2));
    expectCorrect(context, sampleData(20));
  }
  // Signing again gives the same bytes, and another's signature takes the place of the first.
  ASSERT_TRUE(signEngine(path, path, secret, error)) << error.message;
  EXPECT_EQ(read(path), bytes);
  ASSERT_TRUE(signEngine(path, path, otherSecret, error)) << error.message;
  EXPECT_EQ(open(read(path), &other), "");
  EXPECT_EQ(open(read(path), &key), "engine in memory: signature: the engine was signed by " + keyText(other) +
                                        ", and " + keyText(key) + " is required");
}

TEST_F(Signatures, WhatIsNotSignedIsRefused) {
  EXPECT_EQ(open(sampleEngine(), &key),
            "engine in memory: signature: the engine is not signed, and " + keyText(key) + " is required");
  // The signature of one engine at the end of another, whose checksums are all right.
  EngineSpec spec = sampleSpec();
  Bytes weights(spec.weights[0].data.size, 0x3f), bytes = sign();
  spec.weights[0].data = spec.own(weights);
  Bytes forged = sampleEngine(spec);
  forged.insert(forged.end(), bytes.begin() + ptrdiff_t(forged.size()), bytes.end());
  format::Header header;
  std::memcpy(&header, forged.data(), sizeof(header));
  header.fileSize = forged.size();
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
  std::memcpy(forged.data(), &header, sizeof(header));
  EXPECT_EQ(open(forged, nullptr), "");
  EXPECT_EQ(open(forged, &key),
            "engine in memory: signature: it is not one of " + keyText(key) + " for this engine, which was altered");
}

TEST_F(Signatures, EveryFlippedByteIsFound) {
  Bytes bytes = sign();
  for (size_t i = 0; i < bytes.size(); i += i < 64 || i + 300 > bytes.size() ? 1 : 37) {
    Bytes damaged = bytes;
    damaged[i] ^= 0x10;
    EXPECT_NE(open(damaged, nullptr), "") << i;
    EXPECT_NE(open(damaged, &key), "") << i;
  }
  Bytes damaged = bytes;
  size_t weights = EngineFile::fromMemory({bytes.data(), bytes.size()}, error)->sections()[1].offset;
  damaged[weights] ^= 1;
  EXPECT_EQ(open(damaged, &key),
            "engine in memory: section 'weights': it does not match the signature, the engine was altered");
  damaged = bytes;
  damaged[100] ^= 1;
  EXPECT_EQ(open(damaged, &key),
            "engine in memory: description: it does not match the signature, the engine was altered");
}

TEST_F(Signatures, RowsOfALargeTableAreCheckedWhenTheyAreRead) {
  EngineSpec spec = sampleSpec();
  spec.tables[0].rows = 200000;
  spec.tables[0].data = spec.own(Bytes(200000 * width * sizeof(float), 0));
  Bytes bytes = sign(spec);
  auto file = EngineFile::fromMemory({bytes.data(), bytes.size()}, error);
  ASSERT_TRUE(file) << error.message;
  bytes[file->sections()[2].offset + 150000 * width * sizeof(float)] ^= 1;
  write(path, bytes);
  Engine engine;
  Status failed = engine.open(path, {}, key.data());
  ASSERT_FALSE(failed) << failed.message;
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  SampleData data = sampleData(4);
  ASSERT_FALSE(bindInputs(context, data));
  EXPECT_FALSE(context.run());
  data.ids[3] = 150001;
  ASSERT_FALSE(bindInputs(context, data));
  failed = context.run();
  EXPECT_NE(failed.message.find("table 'emb.weight': rows "), std::string::npos) << failed.message;
  EXPECT_NE(failed.message.find(" do not match the signature"), std::string::npos) << failed.message;
}

TEST_F(Signatures, InSharedMemory) {
  std::string name = "reckon-signed-" + std::to_string(getpid());
  write(path, sampleEngine());
  EXPECT_FALSE(putSharedEngine(path, name, SharedWith::Nobody, error, &key));
  EXPECT_EQ(error.message,
            "engine '" + path + "': signature: the engine is not signed, and " + keyText(key) + " is required");
  // A seal does not say who signed.
  ASSERT_TRUE(putSharedEngine(path, name, SharedWith::Nobody, error));
  Engine engine;
  EXPECT_TRUE(engine.open("shm:" + name, {}, key.data()));
  Bytes bytes = sign();
  ASSERT_TRUE(putSharedEngine(path, name, SharedWith::Nobody, error, &key)) << error.message;
  Status failed = engine.open("shm:" + name, {}, key.data());
  EXPECT_FALSE(failed) << failed.message;
  EXPECT_FALSE(engine.open("shm:" + name));
  ASSERT_TRUE(getSharedEngine(name, path, error)) << error.message;
  EXPECT_EQ(read(path), bytes);
  EXPECT_TRUE(dropSharedEngine(name, error));
}

TEST_F(Signatures, RowsInAFileOfTheirOwnAreNotCovered) {
  EngineSpec spec = sampleSpec();
  std::string rows = path + ".rows";
  write(rows, Bytes(spec.tables[0].data.data, spec.tables[0].data.data + spec.tables[0].data.size));
  spec.tables[0].data = {};
  spec.tables[0].externalFile = rows;
  sign(spec);
  Engine engine;
  EXPECT_FALSE(engine.open(path));
  EXPECT_EQ(engine.open(path, {}, key.data()).message,
            "table 'emb.weight': its rows are in '" + rows +
                "', which no signature covers: bind the table, or compile with --tables=inline");
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_FILE;
  binding.path = rows.c_str();
  EXPECT_FALSE(engine.open(path, {binding}, key.data()));
  unlink(rows.c_str());
}

TEST_F(Signatures, Keys) {
  struct stat status;
  ASSERT_EQ(stat((path + ".key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(makeKeys(path + ".key", error));
  EXPECT_EQ(error.message, "key '" + path + ".key' cannot be written: File exists");
  EXPECT_FALSE(readPublicKey(path + ".key", key, error));
  EXPECT_EQ(error.message,
            "'" + path + ".key' is no key: a line 'reckon-public-key' and 64 hexadecimal digits is expected");
  EXPECT_FALSE(readSecretKey("/nowhere", secret, error));
  EXPECT_EQ(error.message, "key '/nowhere' cannot be read: No such file or directory");
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.num_bindings = 1;
  ReckonEngine *engine = nullptr;
  EXPECT_EQ(reckon_engine_open_with_options(path.c_str(), &options, &engine), RECKON_INVALID);
  options.struct_size = 3;
  EXPECT_EQ(reckon_engine_open_with_options(path.c_str(), &options, &engine), RECKON_INVALID);
}

TEST_F(Signatures, TheLibraryIsNamedWhenItIsMissing) {
  EXPECT_FALSE(Sodium::load("/nowhere/libsodium.so", error));
  EXPECT_EQ(error.message.rfind("signatures need libsodium: '/nowhere/libsodium.so' cannot be loaded: ", 0), 0u)
      << error.message;
  EXPECT_EQ(error.exitCode(), ExitUnavailable);
  EXPECT_FALSE(Sodium::load("libm.so.6", error));
  EXPECT_EQ(error.message, "signatures need libsodium: 'libm.so.6' lacks sodium_init");
}

/// Logs of the signed engine, and what following them with the key says.
class SignedLogs : public Signatures {
protected:
  SignedLogs() : bytes(sign()) {
    EXPECT_FALSE(engine.open(path, {}, nullptr));
    EXPECT_FALSE(update.create(engine));
  }
  void append(int updates) {
    UpdateLog log;
    ASSERT_FALSE(log.open(engine, path + ".log", RECKON_LOG_APPEND));
    for (int i = 0; i < updates; ++i) {
      std::vector<float> rows = state.setRows({int64_t(i)}, uint64_t(i) + 1);
      ASSERT_FALSE(update.setRows("emb.weight", {int64_t(i)}, rows.data()));
      ASSERT_FALSE(log.append(update));
    }
  }
  std::string signLog(const SecretKey &by, uint64_t expected) {
    EngineError problem;
    runtime::Error failure;
    auto loaded = std::make_shared<runtime::LoadedEngine>();
    EXPECT_TRUE(loaded->load(EngineFile::open(path, problem), nullptr, 0, failure));
    runtime::UpdateLogFile from(loaded), to(loaded);
    uint64_t appended;
    if (!from.open(path + ".log", false, failure) || !to.open(path + ".signed", true, failure, &by) ||
        !to.appendFrom(from, appended, failure))
      return failure.message;
    EXPECT_EQ(appended, expected);
    return "";
  }
  std::string follow(const Bytes &log, uint64_t expected, const PublicKey *signer) {
    write(path + ".signed", log);
    Engine fresh;
    EXPECT_FALSE(fresh.open(path, {}, signer ? signer->data() : nullptr));
    UpdateLog follower;
    EXPECT_FALSE(follower.open(fresh, path + ".signed", RECKON_LOG_FOLLOW));
    uint64_t applied;
    Status failed = follower.apply(&applied);
    EXPECT_EQ(applied, expected);
    if (!failed) {
      Context context;
      EXPECT_FALSE(context.create(fresh, 1));
      expectState(context, state, applied);
    }
    return failed.message;
  }

  Bytes bytes;
  Engine engine;
  Update update;
  SampleState state;
};

TEST_F(SignedLogs, AreFollowedWithAndWithoutAKey) {
  append(2);
  EXPECT_EQ(signLog(secret, 2), "");
  append(3);
  EXPECT_EQ(signLog(secret, 3), "");
  EXPECT_EQ(signLog(secret, 0), "");
  Bytes log = read(path + ".signed");
  EXPECT_EQ(follow(log, 5, &key), "");
  EXPECT_EQ(follow(log, 5, nullptr), "");
}

TEST_F(SignedLogs, WhatIsNotSignedOrMovedOrAlteredIsRefused) {
  append(3);
  Bytes plain = read(path + ".log");
  std::string log = "update log '" + path + ".signed': ";
  EXPECT_EQ(follow(plain, 0, &key), log + "the frame at byte 0 is not signed, and " + keyText(key) + " is required");
  unlink((path + ".signed").c_str());
  EXPECT_EQ(signLog(otherSecret, 3), "");
  EXPECT_EQ(follow(read(path + ".signed"), 0, &key),
            log + "the frame at byte 0 was signed by " + keyText(other) + ", and " + keyText(key) + " is required");
  unlink((path + ".signed").c_str());
  EXPECT_EQ(signLog(secret, 3), "");
  Bytes good = read(path + ".signed");
  size_t frame = good.size() / 3;
  for (size_t i = 0; i < good.size(); i += i < 152 ? 3 : 29) {
    Bytes damaged = good;
    damaged[i] ^= 1;
    EXPECT_NE(follow(damaged, i / frame, &key), "") << i;
    EXPECT_NE(follow(damaged, i / frame, nullptr), "") << i;
  }
  // A frame whose checksums are right, with other changes.
  Bytes forged = good;
  forged[frame - 1] ^= 1;
  uint64_t checksum = format::checksum(forged.data() + 152, frame - 152);
  std::memcpy(forged.data() + 40, &checksum, sizeof(checksum));
  checksum = format::checksum(forged.data(), 144);
  std::memcpy(forged.data() + 144, &checksum, sizeof(checksum));
  EXPECT_EQ(follow(forged, 0, &key), log + "the frame at byte 0 has a signature that is not one of " + keyText(key) +
                                         " for it at this place: it was altered or moved");
  // Frames of two signed logs of one engine do not go together.
  Bytes shorter(good.begin(), good.begin() + ptrdiff_t(frame)), rest(good.begin() + ptrdiff_t(frame), good.end());
  unlink((path + ".signed").c_str());
  unlink((path + ".log").c_str());
  state = SampleState();
  append(1);
  int64_t gone = 7;
  {
    UpdateLog writer;
    ASSERT_FALSE(writer.open(engine, path + ".log", RECKON_LOG_APPEND));
    ASSERT_FALSE(update.deleteRows("emb.weight", {gone}));
    ASSERT_FALSE(writer.append(update));
  }
  EXPECT_EQ(signLog(secret, 2), "");
  Bytes mixed = read(path + ".signed");
  mixed.insert(mixed.end(), rest.begin() + ptrdiff_t(frame), rest.end());
  EXPECT_NE(follow(mixed, 2, &key).find("was altered or moved"), std::string::npos);
  // Nor does a signer go on with the log of others.
  write(path + ".signed", good);
  EXPECT_EQ(signLog(secret, 0), log + "it has 3 frames, and '" + path + ".log' only 2");
  write(path + ".signed", {good.begin(), good.begin() + ptrdiff_t(2 * frame)});
  EXPECT_EQ(signLog(secret, 0), log + "its first 2 frames are not those of '" + path + ".log'");
  write(path + ".signed", plain);
  EXPECT_EQ(signLog(secret, 0), log + "its frames are not signed, and signed ones do not go with them");
  write(path + ".log", good);
  UpdateLog writer;
  EXPECT_EQ(writer.open(engine, path + ".log", RECKON_LOG_APPEND).message,
            "update log '" + path + ".log': its frames are signed: reckon-sign appends to it");
}
} // namespace
