// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <set>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/hash_map.h"
#include "base/ids.h"
#include "base/prng.h"
#include "base/probe.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_function.h"

using namespace geode;

TEST_CASE("crc32c: agrees with the vectors of RFC 3720 B.4", "[fast]") {
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
    CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
    std::string ascending;
    for (char c = 0; c < 32; ++c) ascending.push_back(c);
    CHECK(crc32c(ascending) == 0x46dd794eU);
    CHECK(crc32c("123456789") == 0xe3069283U);
}

TEST_CASE("crc32c: continues from a prefix's checksum", "[fast]") {
    const std::string text = "the quick brown fox jumps over the lazy dog";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        CHECK(crc32c(text.substr(cut), crc32c(text.substr(0, cut))) == crc32c(text));
    }
}

TEST_CASE("prng: golden values pin every stream across compilers", "[fast]") {
    Prng prng(7);
    CHECK(prng.next() == 0xb358faf74ef9765aULL);
    CHECK(prng.below(1000) < 1000);
    Prng again(7);
    again.next();
    again.below(1000);
    CHECK(prng.exponential(milliseconds(5)) == again.exponential(milliseconds(5)));
    CHECK(Prng(7).exponential(seconds(1)).count() == 355851736);
}

TEST_CASE("prng: streams split by name are independent of draws", "[fast]") {
    Prng root(42);
    const std::uint64_t faults = root.split("faults").next();
    root.next();
    CHECK(Prng(42).split("faults").next() == faults);
    CHECK(Prng(42).split("workload").next() != faults);
    CHECK(Prng(43).split("faults").next() != faults);
}

TEST_CASE("prng: distributions keep their ranges and means", "[fast]") {
    Prng prng(1);
    std::int64_t sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        const auto value = prng.between(std::int64_t{-3}, std::int64_t{3});
        REQUIRE(value >= -3);
        REQUIRE(value <= 3);
        sum += prng.exponential(microseconds(100)).count();
    }
    CHECK(sum / 100'000 == Approx(100'000).epsilon(0.02));
    CHECK(prng.between(INT64_MIN, INT64_MAX) != prng.between(INT64_MIN, INT64_MAX));
}

namespace {
Result<int> half(int value) {
    if (value % 2 != 0) return make_error(ErrorCode::invalid_argument, "odd");
    return value / 2;
}
Result<int> quarter(int value) {
    GEODE_TRY(const int once, half(value));
    GEODE_TRY(const int twice, half(once));
    return twice;
}
}  // namespace

TEST_CASE("result: GEODE_TRY hands errors up and values on", "[fast]") {
    CHECK(*quarter(12) == 3);
    CHECK(quarter(6).code() == ErrorCode::invalid_argument);
    CHECK(quarter(6).error().describe() == "invalid_argument: odd");
}

TEST_CASE("hash map: iteration order depends on the salt", "[fast]") {
    const auto order = [](std::uint64_t salt) {
        HashMap<int, int> map(salt);
        for (int i = 0; i < 100; ++i) map.emplace(i, i);
        std::vector<int> keys;
        for (const auto& [key, value] : map) keys.push_back(key);
        return keys;
    };
    CHECK(order(1) == order(1));
    CHECK(order(1) != order(2));
}

TEST_CASE("ids: log indexes count and order", "[fast]") {
    CHECK(LogIndex(7) - LogIndex(4) == 3);
    CHECK(LogIndex(4).next() == LogIndex(5));
    CHECK(LogIndex(4) + 2 == LogIndex(6));
    CHECK(LogIndex(0).is_none());
}

TEST_CASE("time: saturating_add never overflows into the past", "[fast]") {
    const MonoTime late = never - nanoseconds(5);
    CHECK(saturating_add(late, seconds(1)) == never);
    CHECK(saturating_add(MonoTime{}, seconds(1)) == MonoTime{seconds(1)});
}

TEST_CASE("bytes: big-endian keys order as their numbers", "[fast]") {
    std::set<Bytes> keys;
    for (const std::uint64_t value : {255ULL, 256ULL, 1ULL, 1ULL << 40}) {
        Bytes key;
        append_big64(key, value);
        CHECK(read_big64(key, 0) == value);
        keys.insert(key);
    }
    CHECK(read_big64(*keys.begin(), 0) == 1);
    CHECK(read_big64(*keys.rbegin(), 0) == 1ULL << 40);
}

TEST_CASE("probe: counts hits by name", "[fast]") {
    const auto hits = [] {
        std::uint64_t sum = 0;
        for (const Probe& probe : all_probes()) {
            if (std::string_view(probe.name) == "test.probe") sum += probe.hits;
        }
        return sum;
    };
    const std::uint64_t before = hits();
    for (int i = 0; i < 3; ++i) GEODE_REACHED("test.probe");
    CHECK(hits() == before + 3);
}

TEST_CASE("unique function: owns move-only captures", "[fast]") {
    auto owned = std::make_unique<int>(5);
    UniqueFunction<int(int)> add = [owned = std::move(owned)](int x) { return *owned + x; };
    UniqueFunction<int(int)> moved = std::move(add);
    CHECK(moved(2) == 7);
    CHECK_FALSE(static_cast<bool>(add));
}
