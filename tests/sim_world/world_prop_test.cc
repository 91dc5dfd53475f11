// SPDX-License-Identifier: Apache-2.0
// Properties: streams deliver every byte in order under faults; the queue equals a sorted list;
// a power loss never touches what was synced.
#include <rapidcheck/catch.h>

#include "tests/sim_world/fixture.h"

namespace geode::sim {

TEST_CASE("sim_world prop: short I/O and held links deliver every byte in order", "[fast]") {
    rc::prop("stream", [](std::uint64_t seed, bool short_io, bool clog, bool slow) {
        Cluster cluster(2, {.seed = seed});
        Wire wire(cluster);
        NetworkFabric& network = cluster.sim.network();
        const NodeId n1 = Cluster::id(1);
        const NodeId n2 = Cluster::id(2);
        if (short_io) network.set_short_io(n1, true);
        if (short_io) network.set_short_io(n2, true);
        if (clog) network.start_flap(n1, n2, milliseconds(3));
        if (slow) network.set_bandwidth(n1, n2, 1'000'000);
        const auto sizes = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 5000));
        std::string sent;
        cluster.spawn(1, [&] {
            World& world = cluster.world(1);
            for (const int size : sizes) {
                std::string part;
                for (int i = 0; i < size; ++i) {
                    part.push_back(static_cast<char>((sent.size() + part.size()) * 7 % 253));
                }
                sent += part;
                CHECK(wire.out->write_all(part, never));
                world.sleep_for(microseconds(size));
            }
            wire.out->close();
        });
        std::string got;
        cluster.run(2, [&] {
            char buffer[3000];
            for (;;) {
                const auto count = wire.in->read_some(buffer, never);
                if (!count || *count == 0) break;
                got.append(buffer, *count);
            }
        });
        RC_ASSERT(got == sent);
    });
}

namespace {
class Nothing final : public EventHandler {
public:
    void on_event(const Event&) override {}
};
}  // namespace

TEST_CASE("sim_world prop: the queue fires as a sorted list would", "[fast]") {
    rc::prop("queue", [](const std::vector<std::tuple<std::uint8_t, std::uint8_t, bool>>& script) {
        EventQueue queue;
        Nothing handler;
        std::map<std::pair<SimTime, std::uint64_t>, EventId> model;
        std::vector<std::pair<SimTime, std::uint64_t>> keys;
        std::uint64_t sequence = 0;
        for (int round = 0; round < 20; ++round) {
            for (const auto& [action, value, which] : script) {
                const SimTime when = at(nanoseconds(value));
                if (action % 4 < 2 || keys.empty()) {
                    const EventId id = queue.push(when, handler, Event{});
                    keys.emplace_back(when, sequence++);
                    model.emplace(keys.back(), id);
                    continue;
                }
                const std::size_t index = value % keys.size();
                const EventId id = model.at(keys[index]);
                model.erase(keys[index]);
                if (action % 4 == 2) {
                    queue.cancel(id);
                    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(index));
                } else {
                    const SimTime moved = at(nanoseconds(which ? action : value));
                    queue.move(id, moved);
                    keys[index] = {moved, sequence++};
                    model.emplace(keys[index], id);
                }
            }
        }
        RC_ASSERT(queue.size() == model.size());
        for (const auto& [key, id] : model) {
            RC_ASSERT(queue.due_by(key.first));
            RC_ASSERT(queue.pop().at == key.first);
            RC_ASSERT_FALSE(queue.cancel(id).has_value());
        }
        RC_ASSERT_FALSE(queue.due_by(SimTime::max()));
    });
}

TEST_CASE("sim_world prop: a power loss leaves what was synced", "[fast]") {
    rc::prop("disk", [](std::uint64_t seed, const std::vector<std::uint16_t>& script) {
        Cluster cluster(1, {.seed = seed});
        Disk& disk = cluster.disk(1);
        auto file = disk.open("a", OpenMode::write).value();
        RC_ASSERT(disk.sync_dir("").has_value());
        std::string now;
        std::string synced;
        for (const std::uint16_t step : script) {
            const std::uint64_t offset = step % 1500;
            const std::string bytes(1 + step % 700, static_cast<char>('a' + step % 26));
            switch (step % 5) {
                case 0:
                    RC_ASSERT(file->sync().has_value());
                    synced = now;
                    break;
                case 1:
                    RC_ASSERT(file->truncate(offset).has_value());
                    now.resize(offset);
                    break;
                case 2:
                    RC_ASSERT(file->append(bytes).has_value());
                    now += bytes;
                    break;
                default:
                    RC_ASSERT(file->write_at(offset, bytes).has_value());
                    if (now.size() < offset + bytes.size()) now.resize(offset + bytes.size());
                    now.replace(offset, bytes.size(), bytes);
            }
        }
        const bool drop = seed % 2 == 0;
        SimDisk& model = cluster.node(1).disk();
        model.set_power_loss_options({.tear = false});
        model.set_power_loss_mode(drop ? PowerLossMode::drop_all : PowerLossMode::keep_all);
        cluster.node(1).crash();
        cluster.node(1).boot();
        std::string left(100'000, '\0');
        const auto opened = cluster.disk(1).open("a", OpenMode::read);
        left.resize((*opened)->read_at(0, left).value());
        RC_ASSERT(left == (drop ? synced : now));
    });
}

}  // namespace geode::sim
