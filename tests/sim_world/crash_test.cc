// SPDX-License-Identifier: Apache-2.0
// Crashes: fibers in every kind of wait leave, programs end in order, late handles do nothing.
#include "runtime/sync.h"
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

/// Counts fibers that have left through their own code.
struct Leaving {
    explicit Leaving(int& counter) : count(counter) {}
    ~Leaving() { ++count; }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    int& count;
    std::string heap = std::string(1000, 'x');  // for the leak checker to miss
};

}  // namespace

TEST_CASE("sim_world crash: fibers in every kind of wait leave and leak nothing", "[fast]") {
    const bool paused = GENERATE(false, true);
    const CrashKind kind = GENERATE(CrashKind::power_loss, CrashKind::process);
    Cluster cluster(2);
    Wire wire(cluster);
    World& world = cluster.world(1);
    int left = 0;
    Mutex mutex(world);
    Condition condition(world);
    Channel<std::string> channel(world, 1);
    Channel<std::string> full(world, 1);
    CHECK(full.try_send("x"));
    std::unique_ptr<Listener> listener = world.network().listen({"n1", 1}).value();
    cluster.sim.network().set_hang(Cluster::id(2), true);
    FiberHandle sleeper;
    // No CHECK around a call that suspends: it would swallow Killed.
    const auto fiber = [&](auto body) {
        return cluster.spawn(1, [&left, body] {
            const Leaving leaving(left);
            body();
        });
    };
    fiber([&] {
        const MutexLock lock(mutex);
        world.sleep_for(seconds(1000));
    });
    sleeper = fiber([&] { world.sleep_for(seconds(1000)); });
    fiber([&] { const MutexLock lock(mutex); });
    fiber([&] { condition.wait(never); });
    fiber([&] { channel.receive(never); });
    fiber([&] { full.send("y", never); });
    fiber([&] { sleeper.join(); });
    fiber([&] {
        char byte = 0;
        (void)wire.out->read_some({&byte, 1}, never);
    });
    fiber([&] { (void)wire.out->write_all(std::string(3 << 20, 'x'), never); });
    fiber([&] { (void)listener->accept(); });
    fiber([&] { (void)world.network().connect({"n2", 7}, never); });
    fiber([&] {
        for (;;) world.offload().run([&] { (void)world.disk().exists("x"); });
    });
    cluster.sim.run_for(seconds(2));
    CHECK(left == 0);
    if (paused) cluster.node(1).pause();
    cluster.node(1).crash(kind);
    CHECK(left == 12);
    wire.out.reset();
    listener.reset();
    // Nothing of the old life is pending but what is on its way to n2.
    cluster.sim.run_for(seconds(1));
    CHECK(cluster.sim.engine().queue().size() == 0);
    cluster.node(1).boot();
    cluster.run(1, [&] { cluster.world(1).sleep_for(milliseconds(1)); });
}

TEST_CASE("sim_world crash: the peer's waits end with closed", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    CHECK(wire.in->write_all("in flight", never));
    std::optional<ErrorCode> reader;
    std::optional<ErrorCode> writer;
    cluster.spawn(1, [&] {
        char buffer[16];
        Result<std::size_t> count = wire.out->read_some(buffer, never);
        while (count) count = wire.out->read_some(buffer, never);
        reader = count.code();
    });
    cluster.spawn(1,
                  [&] { writer = code_of(wire.out->write_all(std::string(3 << 20, 'x'), never)); });
    cluster.sim.run_for(milliseconds(1));
    cluster.node(2).crash();
    CHECK_FALSE(reader);
    cluster.sim.run_for(milliseconds(100));
    CHECK(reader == ErrorCode::closed);
    CHECK(writer == ErrorCode::closed);
}

namespace {

/// Records the order of the crash protocol, and touches a dead World from its destructor.
class LateProgram final : public NodeProgram {
public:
    LateProgram(World& world, std::vector<std::string>& story) : world_(world), story_(story) {
        file_ = world_.disk().open("late", OpenMode::write).value();
        listener_ = world_.network().listen({"n1", 5}).value();
        world_.spawn("late.fiber", [this] {
            try {
                world_.sleep_for(seconds(1000));
            } catch (const Killed&) {
                story_.push_back("fiber");
                world_.trace().event("late.fiber");
                throw;
            }
        });
    }
    ~LateProgram() override {
        story_.push_back("program");
        CHECK(code_of(file_->append("late")) == ErrorCode::io_error);
        CHECK(code_of(world_.disk().remove("late")) == ErrorCode::io_error);
        CHECK(code_of(world_.network().listen({"n1", 6})) == ErrorCode::closed);
        CHECK(world_.clock().wake_at(MonoTime{}, WakeToken{}) == 0);
        CHECK(world_.now() == never);
        world_.trace().event("late.program");
        CHECK_FALSE(world_.chaos().fires("late"));
        listener_->close();
    }

private:
    World& world_;
    std::vector<std::string>& story_;
    std::unique_ptr<File> file_;
    std::unique_ptr<Listener> listener_;
};

}  // namespace

TEST_CASE("sim_world crash: fibers leave first, then the program ends, in a dead World", "[fast]") {
    std::vector<std::string> story;
    Simulation sim({.seed = 3});
    SimNode& node = sim.add_node(
        {.id = NodeId(1),
         .host = "n1",
         .start = [&](World& world) { return std::make_unique<LateProgram>(world, story); },
         .on_down = [&](SimNode&) { story.push_back("down"); }});
    for (int life = 0; life < 3; ++life) {
        node.boot();
        CHECK(node.program() != nullptr);
        sim.run_for(seconds(1));
        story.clear();
        node.crash();
        CHECK(story == std::vector<std::string>{"fiber", "program", "down"});
        CHECK(sim.trace_tail().empty());
    }
    CHECK(sim.faults()[FaultFamily::crash] == FaultCount{3, 3});
}

TEST_CASE("sim_world crash: handles that outlive the node send no orderly end", "[fast]") {
    Cluster cluster(2);
    Wire wire(cluster);
    const std::uint32_t cut =
        cluster.sim.network().start_partition({{Cluster::id(1)}, {Cluster::id(2)}});
    cluster.node(1).crash();
    const std::uint64_t hash = cluster.sim.hash();
    CHECK(code_of(wire.out->write_all("late", never)) == ErrorCode::closed);
    wire.out.reset();
    CHECK(cluster.sim.hash() == hash);
    cluster.sim.network().stop_partition(cut);
    cluster.run(2, [&] {
        char byte = 0;
        CHECK(code_of(wire.in->read_some({&byte, 1}, never)) == ErrorCode::closed);
    });
}

TEST_CASE("sim_world crash: a clean client loses nothing with its power", "[fast]") {
    Simulation sim({.seed = 1});
    SimNode& client = sim.add_node({.id = NodeId(9), .host = "c1", .disk_faults = false});
    client.boot();
    CHECK(client.world().disk().open("a", OpenMode::write).value()->append("kept"));
    client.disk().set_power_loss_mode(PowerLossMode::drop_all);
    client.crash();
    client.boot();
    CHECK(*client.world().disk().open("a", OpenMode::read).value()->size() == 4);
}

TEST_CASE("sim_world chaos: a quarter of the sites, a quarter of their calls", "[fast]") {
    int sites_on = 0;
    int fired = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        Cluster cluster(1, {.seed = seed, .chaos = true});
        int hits = 0;
        for (int i = 0; i < 40; ++i) hits += cluster.world(1).chaos().fires("test.site") ? 1 : 0;
        const FaultCount count = cluster.count(FaultFamily::chaos_site);
        CHECK((count.injected == 0 || count.injected == 40));
        CHECK(count.observed == static_cast<std::uint64_t>(hits));
        sites_on += count.injected > 0 ? 1 : 0;
        fired += hits;
    }
    CHECK(sites_on > 70);
    CHECK(sites_on < 130);
    CHECK(fired > sites_on * 8);
    CHECK(fired < sites_on * 12);
    Cluster off(1);
    for (int i = 0; i < 1000; ++i)
        CHECK_FALSE(off.world(1).chaos().fires("test." + std::to_string(i)));
}

TEST_CASE("sim_world chaos: can be switched in a life, and stays so in the next", "[fast]") {
    Cluster cluster(1);
    const auto fires = [&] {
        int hits = 0;
        for (int i = 0; i < 1000; ++i) {
            hits += cluster.world(1).chaos().fires("test." + std::to_string(i)) ? 1 : 0;
        }
        return hits;
    };
    CHECK(fires() == 0);
    cluster.node(1).set_chaos(true);
    CHECK(fires() > 0);
    cluster.node(1).crash();
    cluster.node(1).boot();
    CHECK(fires() > 0);
    cluster.node(1).set_chaos(false);
    CHECK(fires() == 0);
}

TEST_CASE("sim_world crash: connections owned by a fiber break, they do not end", "[fast]") {
    const CrashKind kind = GENERATE(CrashKind::power_loss, CrashKind::process);
    Cluster cluster(2);
    Wire wire(cluster);
    cluster.spawn(1, [&world = cluster.world(1), mine = std::move(wire.out)] {
        world.sleep_for(seconds(1000));  // leaving, it destroys `mine`
    });
    cluster.sim.run_for(seconds(1));
    cluster.node(1).crash(kind);
    std::optional<ErrorCode> code;
    cluster.run(2, [&] {
        char byte = 0;
        code = code_of(wire.in->read_some({&byte, 1}, never));
    });
    CHECK(code == ErrorCode::closed);
}

TEST_CASE("sim_world crash: the World of a past life stays dead after a reboot", "[fast]") {
    Cluster cluster(1);
    World& past = cluster.world(1);
    cluster.node(1).crash();
    cluster.node(1).boot();
    CHECK(&past != &cluster.world(1));
    const std::uint64_t hash = cluster.sim.hash();
    CHECK(past.now() == never);
    CHECK(past.clock().wake_at(MonoTime{}, WakeToken{}) == 0);
    CHECK(cluster.sim.engine().queue().size() == 0);
    CHECK(code_of(past.network().listen({"n1", 5})) == ErrorCode::closed);
    CHECK(code_of(past.disk().exists("a")) == ErrorCode::io_error);
    past.trace().event("test.late");
    CHECK(cluster.sim.hash() == hash);
}

}  // namespace geode::sim
