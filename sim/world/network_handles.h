// SPDX-License-Identifier: Apache-2.0
#pragma once

// What node code holds of the network: Network, Connection and Listener of one life.
//
// Handles check that their life still runs before they touch anything: a destructor that runs
// late, in or after a crash, sends no orderly end.

#include "sim/world/network_fabric.h"

namespace geode::sim {

class SimWorld;

class LifeNetwork final : public Network {
public:
    LifeNetwork(SimWorld& world, NetworkFabric& fabric) : world_(world), fabric_(fabric) {}
    Result<std::unique_ptr<Connection>> connect(const Address& to, MonoTime deadline) override;
    Result<std::unique_ptr<Listener>> listen(const Address& at) override;

private:
    SimWorld& world_;
    NetworkFabric& fabric_;
};

}  // namespace geode::sim
