// SPDX-License-Identifier: Apache-2.0
//
// A preloaded operator new that lays the heap out differently for every GEODE_PERTURB seed.
//
// A run of geode-sim must not depend on where its objects are. Address randomisation and
// MALLOC_PERTURB_ do not show a container ordered by pointers, because malloc keeps handing out
// ascending blocks (measured); random padding, sacrificial blocks and a shuffled quarantine of
// freed blocks do. Fresh memory is filled with junk, so reads of stale bytes show as well.
// Without GEODE_PERTURB it is plain malloc.
//
//     GEODE_PERTURB=3 LD_PRELOAD=build/lib/libgeode_perturb.so build/bin/geode-sim run --seed 7

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

constexpr std::size_t quarantine_slots = 256;

std::atomic<std::uint64_t> draw_count = 0;
std::array<std::atomic<void*>, quarantine_slots> quarantine;

std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* text = std::getenv("GEODE_PERTURB");
        return text == nullptr ? 0 : std::strtoull(text, nullptr, 10) * 0x9e3779b97f4a7c15ULL;
    }();
    return value;
}

std::uint64_t draw() {
    std::uint64_t z = seed() + draw_count.fetch_add(1, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void* allocate(std::size_t size) {
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}  // namespace

void* operator new(std::size_t size) {
    if (seed() == 0) return allocate(size);
    const std::uint64_t bits = draw();
    void* sacrifice = bits % 7 == 0 ? std::malloc(size + ((bits >> 16) & 255)) : nullptr;
    void* block = allocate(size + ((bits >> 8) & 15) * 16);
    std::free(sacrifice);
    std::memset(block, static_cast<int>((bits >> 32) & 255), size);
    return block;
}

void operator delete(void* block) noexcept {
    if (seed() == 0 || block == nullptr) {
        std::free(block);
        return;
    }
    std::free(quarantine[draw() % quarantine_slots].exchange(block));
}

void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
