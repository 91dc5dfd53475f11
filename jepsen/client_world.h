// SPDX-License-Identifier: Apache-2.0
#pragma once

// ClientWorld: the OS World of one client, with a network of its own view.
//
// All clients share the harness's namespace, but a fault must be able to part one of them from a
// node. So each client reaches the nodes under addresses of its own (lab_plan.h), and this World
// translates: the rest of the program, leader hints included, knows a node by one address only.

#include <map>

#include "runtime/world.h"

namespace geode::jepsen {

/// From the address that everybody knows to the client's own.
using AddressMap = std::map<Address, Address>;

class ClientWorld final : public World {
public:
    /// `world` must outlive this.
    ClientWorld(World& world, AddressMap addresses)
        : world_(world), network_(world.network(), std::move(addresses)) {}

    NodeId node() const override { return world_.node(); }
    Clock& clock() override { return world_.clock(); }
    Network& network() override { return network_; }
    Disk& disk() override { return world_.disk(); }
    Offload& offload() override { return world_.offload(); }
    Random& random() override { return world_.random(); }
    Trace& trace() override { return world_.trace(); }
    Chaos& chaos() override { return world_.chaos(); }
    FiberGroup& fibers() override { return world_.fibers(); }

private:
    class Translated final : public Network {
    public:
        Translated(Network& network, AddressMap addresses)
            : network_(network), addresses_(std::move(addresses)) {}
        Result<std::unique_ptr<Connection>> connect(const Address& to, MonoTime deadline) override {
            const auto found = addresses_.find(to);
            return network_.connect(found == addresses_.end() ? to : found->second, deadline);
        }
        Result<std::unique_ptr<Listener>> listen(const Address& at) override {
            return network_.listen(at);
        }

    private:
        Network& network_;
        AddressMap addresses_;
    };

    World& world_;
    Translated network_;
};

}  // namespace geode::jepsen
