//===- Signature.h - Who made an engine ------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Ed25519 over BLAKE2b digests, by libsodium, which is loaded when a key is first used. docs/engine-format.md has the
// layout, docs/operations.md the use.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_SIGNATURE_H
#define RECKON_ENGINE_SIGNATURE_H

#include <array>
#include <cstdint>
#include <string>

namespace reckon {

struct EngineError;

using PublicKey = std::array<uint8_t, 32>;
/// libsodium's form: the seed, then the public key.
using SecretKey = std::array<uint8_t, 64>;
/// 256 bits of BLAKE2b.
using Digest = std::array<uint8_t, 32>;

/// 64 hexadecimal digits.
std::string keyText(const PublicKey &key);

/// Writes a new pair of keys: the secret one to `path`, for its owner alone to read, the other to `path`.pub. Files
/// that are there are kept, and it fails.
bool makeKeys(const std::string &path, EngineError &error);
bool readPublicKey(const std::string &path, PublicKey &key, EngineError &error);
bool readSecretKey(const std::string &path, SecretKey &key, EngineError &error);

/// Writes the engine at `path`, all of which is checked, with a signature, in the place of any that it has. `output`
/// may be `path`.
bool signEngine(const std::string &path, const std::string &output, const SecretKey &key, EngineError &error);

} // namespace reckon

#endif // RECKON_ENGINE_SIGNATURE_H
