// SPDX-License-Identifier: Apache-2.0
// The disk: what a power loss takes and what it must not, and every disk fault.
#include "tests/sim_world/fixture.h"

namespace geode::sim {
namespace {

// Outside fibers the disk may be used directly.
void put(Disk& disk, std::string_view path, std::string_view bytes, bool sync) {
    const auto file = disk.open(path, OpenMode::write).value();
    CHECK(file->append(bytes));
    if (sync) CHECK(file->sync());
}

std::string get(Disk& disk, std::string_view path) {
    const auto file = disk.open(path, OpenMode::read);
    if (!file) return "(none)";
    std::string bytes(1 << 16, '\0');
    bytes.resize((*file)->read_at(0, bytes).value());
    return bytes;
}

void power_cycle(Cluster& cluster, std::optional<PowerLossMode> mode) {
    cluster.node(1).disk().set_power_loss_mode(mode);
    cluster.node(1).crash();
    cluster.node(1).boot();
}

}  // namespace

TEST_CASE("sim_world disk: a power loss drops what was not synced", "[fast]") {
    Cluster cluster(1);
    put(cluster.disk(1), "a", "durable", true);
    CHECK(cluster.disk(1).sync_dir(""));
    put(cluster.disk(1), "a", "+lost", false);
    put(cluster.disk(1), "b", "named but not durably", true);
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK(get(cluster.disk(1), "a") == "durable");
    CHECK_FALSE(*cluster.disk(1).exists("b"));
    CHECK(cluster.count(FaultFamily::lost_unsynced) == FaultCount{1, 5});
    CHECK(cluster.count(FaultFamily::lost_names) == FaultCount{1, 1});
}

TEST_CASE("sim_world disk: a power loss may spare everything", "[fast]") {
    Cluster cluster(1);
    cluster.node(1).disk().set_power_loss_options({.tear = false});
    put(cluster.disk(1), "a", "unsynced", false);
    power_cycle(cluster, PowerLossMode::keep_all);
    CHECK(get(cluster.disk(1), "a") == "unsynced");
    CHECK(cluster.count(FaultFamily::lost_unsynced) == FaultCount{1, 0});
}

TEST_CASE("sim_world disk: overwrites and truncations are undone exactly", "[fast]") {
    Cluster cluster(1);
    put(cluster.disk(1), "a", "0123456789", true);
    CHECK(cluster.disk(1).sync_dir(""));
    const auto file = cluster.disk(1).open("a", OpenMode::write).value();
    CHECK(file->write_at(3, "xyz"));
    CHECK(file->truncate(5));
    CHECK(file->write_at(8, "gap"));
    CHECK(get(cluster.disk(1), "a") == std::string("012xy\0\0\0gap", 11));
    CHECK(file->truncate(20));
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK(get(cluster.disk(1), "a") == "0123456789");
}

TEST_CASE("sim_world disk: a process crash loses nothing, a later power loss still may", "[fast]") {
    Cluster cluster(1);
    put(cluster.disk(1), "a", "cached", false);
    CHECK(cluster.disk(1).sync_dir(""));
    cluster.node(1).crash(CrashKind::process);
    cluster.node(1).boot();
    CHECK(get(cluster.disk(1), "a") == "cached");
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK(get(cluster.disk(1), "a").empty());
}

TEST_CASE("sim_world disk: a prefix keeps no write after one that it lost", "[fast]") {
    std::set<std::size_t> lengths;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Cluster cluster(1, {.seed = seed});
        put(cluster.disk(1), "a", "", true);
        CHECK(cluster.disk(1).sync_dir(""));
        for (const char* letter : {"a", "b", "c", "d"}) put(cluster.disk(1), "a", letter, false);
        power_cycle(cluster, PowerLossMode::keep_prefix);
        const std::string left = get(cluster.disk(1), "a");
        CHECK(left == std::string("abcd").substr(0, left.size()));
        lengths.insert(left.size());
    }
    CHECK(lengths.size() == 5);
}

TEST_CASE("sim_world disk: a subset may lose a write and keep a later one", "[fast]") {
    bool hole = false;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Cluster cluster(1, {.seed = seed});
        put(cluster.disk(1), "a", "", true);
        CHECK(cluster.disk(1).sync_dir(""));
        for (const char* letter : {"a", "b", "c", "d"}) put(cluster.disk(1), "a", letter, false);
        power_cycle(cluster, PowerLossMode::keep_subset);
        const std::string left = get(cluster.disk(1), "a");
        hole = hole || left.find('\0') != std::string::npos;
    }
    CHECK(hole);
}

TEST_CASE("sim_world disk: the last write tears at a sector boundary", "[fast]") {
    std::set<std::size_t> sizes;
    std::uint64_t torn = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Cluster cluster(1, {.seed = seed});
        put(cluster.disk(1), "a", std::string(100, 'a'), true);
        CHECK(cluster.disk(1).sync_dir(""));
        put(cluster.disk(1), "a", std::string(2000, 'b'), false);
        power_cycle(cluster, PowerLossMode::keep_all);
        const std::string left = get(cluster.disk(1), "a");
        sizes.insert(left.size());
        CHECK(left.substr(0, 100) == std::string(100, 'a'));
        CHECK(left.find_first_not_of('b', 100) == std::string::npos);
        torn += cluster.count(FaultFamily::torn_write).observed;
        CHECK((left.size() == 2100) == (cluster.count(FaultFamily::torn_write).observed == 0));
    }
    CHECK(sizes == std::set<std::size_t>{512, 1024, 1536, 2048, 2100});
    CHECK(torn > 15);
    CHECK(torn < 45);
}

TEST_CASE("sim_world disk: a synced name survives, an unsynced rename is old or new", "[fast]") {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Cluster cluster(1, {.seed = seed});
        put(cluster.disk(1), "current", "old", true);
        put(cluster.disk(1), "next", "new", true);
        CHECK(cluster.disk(1).sync_dir(""));
        CHECK(cluster.disk(1).rename("next", "current"));
        CHECK(get(cluster.disk(1), "current") == "new");
        power_cycle(cluster, std::nullopt);
        const std::string now = get(cluster.disk(1), "current");
        CHECK(*cluster.disk(1).exists("next") == (now == "old"));
        outcomes.insert(now);
    }
    CHECK(outcomes == std::set<std::string>{"old", "new"});
}

TEST_CASE("sim_world disk: syncing a directory takes the earlier changes of its paths along",
          "[fast]") {
    Cluster cluster(1);
    Disk& disk = cluster.disk(1);
    CHECK(disk.create_dir("x"));
    CHECK(disk.create_dir("y"));
    CHECK(disk.sync_dir(""));
    put(disk, "x/a", "moved", true);
    CHECK(disk.rename("x/a", "y/b"));
    put(disk, "x/c", "stays behind", true);
    CHECK(disk.sync_dir("y"));
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK(get(cluster.disk(1), "y/b") == "moved");
    CHECK_FALSE(*cluster.disk(1).exists("x/a"));
    CHECK_FALSE(*cluster.disk(1).exists("x/c"));
}

TEST_CASE("sim_world disk: files of a directory whose name was lost are gone", "[fast]") {
    Cluster cluster(1);
    Disk& disk = cluster.disk(1);
    CHECK(disk.create_dir("d"));
    put(disk, "d/a", "x", true);
    CHECK(disk.sync_dir("d"));
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK_FALSE(*cluster.disk(1).exists("d"));
    CHECK_FALSE(*cluster.disk(1).exists("d/a"));
}

TEST_CASE("sim_world disk: what a failed sync covered is lost whatever later syncs say", "[fast]") {
    Cluster cluster(1);
    put(cluster.disk(1), "a", "", true);
    CHECK(cluster.disk(1).sync_dir(""));
    const auto file = cluster.disk(1).open("a", OpenMode::write).value();
    CHECK(file->append("one"));
    cluster.node(1).disk().set_sync_failures(1);
    CHECK(code_of(file->sync()) == ErrorCode::io_error);
    cluster.node(1).disk().set_sync_failures(0);
    CHECK(file->append("two"));
    CHECK(file->sync());
    CHECK(get(cluster.disk(1), "a") == "onetwo");
    CHECK(cluster.count(FaultFamily::sync_failure) == FaultCount{1, 1});
    power_cycle(cluster, PowerLossMode::keep_all);
    CHECK(get(cluster.disk(1), "a") == std::string("\0\0\0two", 6));
}

TEST_CASE("sim_world disk: full disks, read errors, latency and stalls", "[fast]") {
    Cluster cluster(1);
    World& world = cluster.world(1);
    SimDisk& disk = cluster.node(1).disk();
    const auto timed = [&](auto work) {
        const SimTime start = cluster.sim.now();
        cluster.run(1, [&] { world.offload().run([&] { work(world.disk()); }); });
        return cluster.sim.now() - start;
    };
    const auto sync = [](Disk& d) { CHECK(d.open("a", OpenMode::write).value()->sync()); };
    const Duration normal = timed(sync);
    CHECK(normal >= microseconds(505));
    CHECK(normal < microseconds(1100));
    disk.set_slowness(100);
    CHECK(timed(sync) >= milliseconds(50));
    CHECK(cluster.count(FaultFamily::disk_latency) == FaultCount{1, 2});
    disk.set_slowness(1);
    disk.start_stall(seconds(3));
    CHECK(timed(sync) >= seconds(3));
    CHECK(cluster.count(FaultFamily::disk_stall) == FaultCount{1, 1});
    CHECK(timed(sync) < microseconds(1100));
    disk.set_full(true);
    timed([](Disk& d) {
        CHECK(code_of(d.open("a", OpenMode::write).value()->append("x")) == ErrorCode::disk_full);
        CHECK(code_of(d.open("new", OpenMode::write)) == ErrorCode::disk_full);
    });
    CHECK(cluster.count(FaultFamily::disk_full) == FaultCount{1, 2});
    disk.set_full(false);
    disk.set_read_errors(1);
    timed([](Disk& d) {
        char byte = 0;
        CHECK(code_of(d.open("a", OpenMode::read).value()->read_at(0, {&byte, 1})) ==
              ErrorCode::io_error);
    });
    CHECK(cluster.count(FaultFamily::read_error) == FaultCount{1, 1});
    cluster.sim.heal_all();
    CHECK(get(world.disk(), "a").empty());
}

TEST_CASE("sim_world disk: dies in the middle of an offloaded call, and the node with it",
          "[fast]") {
    for (std::uint64_t survive = 0; survive < 6; ++survive) {
        Cluster cluster(1);
        World& world = cluster.world(1);
        put(world.disk(), "log", "", true);
        CHECK(world.disk().sync_dir(""));
        cluster.node(1).crash_after_disk_ops(survive);
        std::uint64_t done = 0;
        bool returned = false;
        cluster.spawn(1, [&] {
            world.offload().run([&] {
                for (int i = 0; i < 6; ++i) {
                    const auto file = world.disk().open("log", OpenMode::write);
                    done += file ? 1 : 0;
                    CHECK(code_of(file).value_or(ErrorCode::io_error) == ErrorCode::io_error);
                }
            });
            returned = true;
        });
        cluster.sim.run_for(seconds(1));
        CHECK(done == survive);
        CHECK_FALSE(returned);
        CHECK_FALSE(cluster.node(1).running());
        CHECK(cluster.count(FaultFamily::disk_death) == FaultCount{1, 6 - survive});
        cluster.node(1).boot();
        CHECK(get(cluster.disk(1), "log").empty());
    }
}

TEST_CASE("sim_world disk: handles of a past life change nothing", "[fast]") {
    Cluster cluster(1);
    Disk& old_disk = cluster.disk(1);
    put(old_disk, "a", "x", true);
    CHECK(old_disk.sync_dir(""));
    auto file = old_disk.open("a", OpenMode::write).value();
    auto lock = old_disk.lock("LOCK").value();
    CHECK(code_of(old_disk.lock("LOCK")) == ErrorCode::locked);
    power_cycle(cluster, PowerLossMode::drop_all);
    CHECK(code_of(file->append("late")) == ErrorCode::io_error);
    CHECK(code_of(file->sync()) == ErrorCode::io_error);
    CHECK(code_of(old_disk.remove("a")) == ErrorCode::io_error);
    const auto new_lock = cluster.disk(1).lock("LOCK").value();
    const std::uint64_t hash = cluster.sim.hash();
    lock.reset();
    file.reset();
    CHECK(cluster.sim.hash() == hash);
    CHECK(code_of(cluster.disk(1).lock("LOCK")) == ErrorCode::locked);
    CHECK(get(cluster.disk(1), "a") == "x");
}

TEST_CASE("sim_world disk: many unsynced writes are written back in the background", "[fast]") {
    Cluster cluster(1);
    put(cluster.disk(1), "a", "", true);
    CHECK(cluster.disk(1).sync_dir(""));
    const auto file = cluster.disk(1).open("a", OpenMode::write).value();
    for (int i = 0; i < 10'000; ++i) CHECK(file->append("x"));
    power_cycle(cluster, PowerLossMode::drop_all);
    const std::size_t left = get(cluster.disk(1), "a").size();
    CHECK(left >= 10'000 - DiskImage::pending_changes_max);
    CHECK(left < 10'000);
}

TEST_CASE("sim_world disk: a name moved durably does not come back", "[fast]") {
    Cluster cluster(1);
    Disk& disk = cluster.disk(1);
    CHECK(disk.create_dir("x"));
    CHECK(disk.create_dir("y"));
    CHECK(disk.sync_dir(""));
    put(disk, "x/a", "moved", true);
    CHECK(disk.rename("x/a", "y/b"));
    CHECK(disk.sync_dir("y"));
    power_cycle(cluster, PowerLossMode::keep_all);
    CHECK(get(cluster.disk(1), "y/b") == "moved");
    CHECK_FALSE(*cluster.disk(1).exists("x/a"));
}

TEST_CASE("sim_world disk: data and name losses can be switched off one by one", "[fast]") {
    Cluster cluster(1);
    SECTION("data stays") {
        cluster.node(1).disk().set_power_loss_options({.lose_data = false, .tear = false});
        put(cluster.disk(1), "a", "", true);
        CHECK(cluster.disk(1).sync_dir(""));
        put(cluster.disk(1), "a", "kept", false);
        put(cluster.disk(1), "b", "", false);
        power_cycle(cluster, PowerLossMode::drop_all);
        CHECK(get(cluster.disk(1), "a") == "kept");
        CHECK_FALSE(*cluster.disk(1).exists("b"));
        CHECK(cluster.count(FaultFamily::lost_unsynced) == FaultCount{0, 0});
    }
    SECTION("names stay") {
        cluster.node(1).disk().set_power_loss_options({.lose_names = false});
        put(cluster.disk(1), "a", "lost", false);
        power_cycle(cluster, PowerLossMode::drop_all);
        CHECK(get(cluster.disk(1), "a").empty());
        CHECK(cluster.count(FaultFamily::lost_names) == FaultCount{0, 0});
    }
}

TEST_CASE("sim_world disk: a prefix may end after any change, data or name", "[fast]") {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        Cluster cluster(1, {.seed = seed});
        cluster.node(1).disk().set_power_loss_options({.tear = false});
        put(cluster.disk(1), "next", "new", false);
        CHECK(cluster.disk(1).rename("next", "current"));
        power_cycle(cluster, PowerLossMode::keep_prefix);
        outcomes.insert(get(cluster.disk(1), "next") + "|" + get(cluster.disk(1), "current"));
    }
    CHECK(outcomes ==
          std::set<std::string>{"(none)|(none)", "|(none)", "new|(none)", "(none)|new"});
}

TEST_CASE("sim_world disk: a prefix is one of bytes, a torn write its end", "[fast]") {
    std::uint64_t torn = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Cluster cluster(1, {.seed = seed});
        put(cluster.disk(1), "a", "", true);
        CHECK(cluster.disk(1).sync_dir(""));
        std::string all;
        for (const char letter : {'a', 'b', 'c', 'd'}) {
            put(cluster.disk(1), "a", std::string(1500, letter), false);
            all += std::string(1500, letter);
        }
        power_cycle(cluster, PowerLossMode::keep_prefix);
        const std::string left = get(cluster.disk(1), "a");
        CHECK((left == all.substr(0, left.size())));
        torn += cluster.count(FaultFamily::torn_write).observed;
    }
    CHECK(torn > 10);
}

}  // namespace geode::sim
