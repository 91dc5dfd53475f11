// SPDX-License-Identifier: Apache-2.0
#include "base/probe.h"

// Bounds of the section, made by the linker; weak, so that a program without probes links too.
extern "C" {
extern geode::Probe geode_probes_begin[] asm("__start_geode_probes") __attribute__((weak));
extern geode::Probe geode_probes_end[] asm("__stop_geode_probes") __attribute__((weak));
}

namespace geode {

std::span<Probe> all_probes() noexcept {
    if (geode_probes_begin == nullptr) return {};
    return {geode_probes_begin, static_cast<std::size_t>(geode_probes_end - geode_probes_begin)};
}

}  // namespace geode
