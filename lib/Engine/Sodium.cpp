//===- Sodium.cpp - libsodium, loaded when asked for --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Sodium.h"
#include "reckon/Engine/EngineFile.h"

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

using namespace reckon;

static bool unavailable(EngineError &error, const std::string &what) {
  error = {EngineError::Kind::Unavailable, "signatures need libsodium: " + what};
  return false;
}

const Sodium *Sodium::get(EngineError &error) {
  static std::mutex mutex;
  static const Sodium *loaded = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    const char *path = std::getenv("RECKON_LIBSODIUM");
    loaded = load(path && *path ? path : "libsodium.so.23", error).release();
  }
  return loaded;
}

std::unique_ptr<Sodium> Sodium::load(const std::string &path, EngineError &error) {
  std::unique_ptr<Sodium> sodium(new Sodium());
  sodium->library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!sodium->library) {
    const char *reason = ::dlerror();
    unavailable(error, "'" + path + "' cannot be loaded" + (reason ? ": " + std::string(reason) : ""));
    return nullptr;
  }
  const char *missing = nullptr;
  auto find = [&](const char *name, auto &function) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(::dlsym(sodium->library, name));
    if (!function && !missing)
      missing = name;
  };
  int (*initialise)() = nullptr;
  find("sodium_init", initialise);
  find("crypto_sign_ed25519_keypair", sodium->keypair);
  find("crypto_sign_ed25519_detached", sodium->detached);
  find("crypto_sign_ed25519_verify_detached", sodium->verifyDetached);
  find("crypto_generichash_blake2b", sodium->blake2b);
  if (missing)
    unavailable(error, "'" + path + "' lacks " + missing);
  else if (initialise() < 0)
    unavailable(error, "'" + path + "' cannot be initialised");
  else
    return sodium;
  return nullptr;
}

Sodium::~Sodium() {
  if (library)
    ::dlclose(library);
}

bool Sodium::makeKeys(PublicKey &key, SecretKey &secret) const { return keypair(key.data(), secret.data()) == 0; }

Digest Sodium::digest(const void *data, size_t size) const {
  Digest result;
  blake2b(result.data(), result.size(), static_cast<const unsigned char *>(data), size, nullptr, 0);
  return result;
}

Signature Sodium::sign(const void *message, size_t size, const SecretKey &secret) const {
  Signature result;
  detached(result.data(), nullptr, static_cast<const unsigned char *>(message), size, secret.data());
  return result;
}

bool Sodium::verify(const Signature &signature, const void *message, size_t size, const PublicKey &key) const {
  return verifyDetached(signature.data(), static_cast<const unsigned char *>(message), size, key.data()) == 0;
}
