// SPDX-License-Identifier: Apache-2.0
#pragma once

// xoshiro256** 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018),
// seeded by SplitMix64, with distributions of our own.
//
// std:: distributions may differ between libraries and compiler flags, and libm's log differs with
// FMA dispatch (measured), so a run would not be the same everywhere. Everything here is integer
// arithmetic or correctly rounded IEEE operations.
//
// Streams are split by name: Prng(seed).split("faults") is independent of split("workload"), and a
// new draw in one never shifts another.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/time.h"

namespace geode {

class Prng {
public:
    explicit Prng(std::uint64_t seed);

    /// The next 64 uniform bits.
    std::uint64_t next();

    /// Uniform in [0, bound). `bound > 0`. Lemire's multiply-shift with rejection: unbiased.
    std::uint64_t below(std::uint64_t bound);

    /// Uniform in [low, high], both inclusive. `low <= high`.
    std::int64_t between(std::int64_t low, std::int64_t high);
    Duration between(Duration low, Duration high);

    /// True with probability `numerator / denominator`. `denominator > 0`.
    bool chance(std::uint64_t numerator, std::uint64_t denominator);

    /// Exponentially distributed with the given mean (>= 0), cut off at 20 means.
    Duration exponential(Duration mean);

    /// An independent generator for the purpose `name`; does not advance this one.
    Prng split(std::string_view name) const;
    /// An independent generator for the `index`-th user of a purpose; does not advance this one.
    Prng split(std::uint64_t index) const;

private:
    std::array<std::uint64_t, 4> state_;
};

}  // namespace geode
