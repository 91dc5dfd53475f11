// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hash containers whose iteration order depends on a salt, not on addresses.
//
// The salt is handed in (a World's random stream gives one per run), so code that lets iteration
// order leak into behaviour shows as a difference between seeds and is caught by the double run.
// Plain std::unordered_* are banned outside this header by tools/tidy.py. Node logic that iterates
// must use std::map or sort; these are for lookups.

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace geode {

/// Mixes `value` with `salt` (SplitMix64's finaliser).
constexpr std::uint64_t mix_hash(std::uint64_t value, std::uint64_t salt) {
    std::uint64_t z = value + salt + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/// 64-bit FNV-1a over bytes, for names and short keys; not for untrusted input.
constexpr std::uint64_t hash_bytes(std::string_view bytes,
                                   std::uint64_t salt = 0xcbf29ce484222325ULL) {
    std::uint64_t hash = salt;
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    }
    return hash;
}

template <class Key>
struct SaltedHash {
    std::uint64_t salt = 0;
    std::size_t operator()(const Key& key) const {
        if constexpr (std::is_convertible_v<const Key&, std::string_view>) {
            return mix_hash(hash_bytes(key), salt);
        } else {
            return mix_hash(std::hash<Key>{}(key), salt);
        }
    }
};

template <class Key, class Value>
class HashMap : public std::unordered_map<Key, Value, SaltedHash<Key>> {
public:
    explicit HashMap(std::uint64_t salt)
        : std::unordered_map<Key, Value, SaltedHash<Key>>(0, SaltedHash<Key>{salt}) {}
};

template <class Key>
class HashSet : public std::unordered_set<Key, SaltedHash<Key>> {
public:
    explicit HashSet(std::uint64_t salt)
        : std::unordered_set<Key, SaltedHash<Key>>(0, SaltedHash<Key>{salt}) {}
};

}  // namespace geode
