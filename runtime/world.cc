// SPDX-License-Identifier: Apache-2.0
#include "runtime/world.h"

namespace geode {

void World::sleep_until(MonoTime when) {
    while (now() < when) {
        const TimerId timer = clock().wake_at(when, scheduler().park_token());
        try {
            scheduler().park();
        } catch (const Killed&) {
            clock().cancel(timer);
            throw;
        }
    }
}

}  // namespace geode
