// SPDX-License-Identifier: Apache-2.0
#include "sim/data/power_loss.h"

#include "base/assert.h"

namespace geode::sim {

PowerLoss power_loss_of(const Fault& crash) {
    // In the order of the parameter's choices: all, random, prefix, none.
    constexpr PowerLossMode modes[] = {PowerLossMode::drop_all, PowerLossMode::keep_subset,
                                       PowerLossMode::keep_prefix, PowerLossMode::keep_all};
    const std::int64_t loss = crash.parameter("loss");
    GEODE_ASSERT(loss >= 0 && loss < std::ssize(modes));
    PowerLoss out{.options = {.lose_data = modes[loss] != PowerLossMode::keep_all,
                              .lose_names = crash.parameter("names") != 0,
                              .tear = crash.parameter("torn") != 0},
                  .mode = modes[loss]};
    // The mode is for data and names alike: where only names go, it must not keep everything.
    if (out.options.lose_names && !out.options.lose_data) out.mode = PowerLossMode::keep_subset;
    return out;
}

}  // namespace geode::sim
