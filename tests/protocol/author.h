// Places that sign what a test needs: keys, chain and heads from a number, always the same.
#pragma once

#include <random>

#include "protocol/frame.h"
#include "protocol/place_table.h"
#include "protocol/session.h"

namespace maillage::tests {

using namespace maillage::protocol;

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

inline Seed seed_of(std::uint64_t number, std::uint8_t purpose) {
  Seed seed;
  seed.bytes.fill(purpose);
  std::memcpy(seed.bytes.data(), &number, sizeof number);
  return seed;
}

// The commit that a test gives to state number `salt` of a place.
inline ObjectId commit_of(const PlaceId& place, std::uint64_t salt) {
  std::string text = std::to_string(salt);
  Hash hash = sha256({place.bytes, as_bytes(text)});
  ObjectId commit;
  std::memcpy(commit.bytes.data(), hash.bytes.data(), commit.bytes.size());
  return commit;
}

class Author {
 public:
  explicit Author(std::uint64_t number)
      : number_(number), root_(seed_of(number, 1)), key_(seed_of(number, 2)), chain_(*CharterChain::start(genesis())) {}

  const PlaceId& place() const { return chain_.place(); }
  const KeyPair& key() const { return key_; }
  const CharterChain& chain() const { return chain_; }
  Identity identity() const { return {place(), key_}; }

  // A head under the latest charter; `salt` tells apart heads with equal counters.
  SignedHead head(std::uint64_t sequence, std::uint64_t epoch = 0, std::uint64_t salt = 0) const {
    Head head;
    head.charter = static_cast<std::uint16_t>(chain_.size() - 1);
    head.epoch = epoch;
    head.sequence = sequence;
    head.time.ms = 1'800'000'000'000;
    head.place = place();
    head.commit = commit_of(place(), sequence * 1000 + epoch * 100 + salt);
    head.state = sha256(head.commit.bytes);
    return sign(head, key_);
  }

  // Charter n + 1, with a new daemon key, signed by the one root; `branch` tells apart charters with one parent.
  void rotate(std::uint8_t branch = 0) {
    key_ = KeyPair(seed_of(number_, static_cast<std::uint8_t>(2 + chain_.size() + 64 * branch)));
    Charter next = chain_.latest();
    next.place = place();
    next.number = chain_.size();
    next.previous = hash_of(chain_.latest());
    next.daemon_key = key_.public_key();
    if (!chain_.extend(sign(next, std::vector{root_}))) std::abort();
  }

  HeadBundle bundle(const SignedHead& head) const { return {chain_.charters(), {head}}; }
  Candidate candidate(const SignedHead& head) const { return {head, chain_, 0}; }

 private:
  SignedCharter genesis() const {
    Charter charter;
    charter.roots = {root_.public_key()};
    charter.daemon_key = key_.public_key();
    return {charter, {}};
  }

  std::uint64_t number_;
  KeyPair root_, key_;
  CharterChain chain_;
};

}  // namespace maillage::tests
