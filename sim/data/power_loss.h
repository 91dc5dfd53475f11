// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a crash of a schedule means for the disk of the node that crashes; in both worlds.

#include "sim/data/schedule.h"
#include "sim/disk/disk_image.h"

namespace geode::sim {

struct PowerLoss {
    PowerLossOptions options;
    PowerLossMode mode = PowerLossMode::keep_all;
    /// False: it is the process that dies, not the machine.
    bool loses() const { return options.lose_data || options.lose_names || options.tear; }
};

/// The parameters loss, torn and names of a `crash`.
PowerLoss power_loss_of(const Fault& crash);

}  // namespace geode::sim
