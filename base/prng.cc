// SPDX-License-Identifier: Apache-2.0
#include "base/prng.h"

#include <bit>

#include "base/hash_map.h"

namespace geode {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    return mix_hash(state - 0x9e3779b97f4a7c15ULL, 0);
}

/// -ln(u) for u in (0, 1], by range reduction and a series: the same bits on every machine.
double negative_log(double u) {
    const auto bits = std::bit_cast<std::uint64_t>(u);
    const int exponent = static_cast<int>(bits >> 52) - 1023;
    const double mantissa =
        std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
    // ln(m) = 2 atanh((m-1)/(m+1)); |t| <= 1/3, 15 terms give full double precision.
    const double t = (mantissa - 1.0) / (mantissa + 1.0);
    const double square = t * t;
    double sum = 0.0;
    for (int k = 29; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
    return -(static_cast<double>(exponent) * 0.69314718055994530942 + 2.0 * t * sum);
}

}  // namespace

Prng::Prng(std::uint64_t seed) {
    for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t Prng::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Prng::below(std::uint64_t bound) {
    GEODE_ASSERT(bound > 0);
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
        const std::uint64_t threshold = (0 - bound) % bound;
        while (static_cast<std::uint64_t>(product) < threshold) {
            product = static_cast<Wide>(next()) * bound;
        }
    }
    return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t Prng::between(std::int64_t low, std::int64_t high) {
    GEODE_ASSERT(low <= high);
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (span == UINT64_MAX) return static_cast<std::int64_t>(next());
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(span + 1));
}

Duration Prng::between(Duration low, Duration high) {
    return Duration(between(low.count(), high.count()));
}

bool Prng::chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
}

Duration Prng::exponential(Duration mean) {
    GEODE_ASSERT(mean.count() >= 0);
    // 53 uniform bits, moved to (0, 1] so that the logarithm exists.
    const double unit = static_cast<double>((next() >> 11) + 1) * 0x1.0p-53;
    const double means = negative_log(unit);
    const double capped = means > 20.0 ? 20.0 : means;
    return Duration(static_cast<std::int64_t>(capped * static_cast<double>(mean.count())));
}

Prng Prng::split(std::string_view name) const {
    return split(hash_bytes(name));
}

Prng Prng::split(std::uint64_t index) const {
    std::uint64_t seed = index;
    for (const std::uint64_t word : state_) seed = mix_hash(seed ^ word, index);
    return Prng(seed);
}

}  // namespace geode
