// SPDX-License-Identifier: Apache-2.0
#pragma once

// The World contract: what node logic may rely on, whichever World it runs in.
//
// Each case runs in a fiber of `site.client` and may start fibers in `site.server`; both are fresh,
// with empty disks and no faults. The owner of a World implementation loops over world_contract()
// and gives each case a bound in (virtual) time:
//
//     for (const ContractCase& each : world_contract()) {
//         INFO(each.name);
//         MyFixture fixture;
//         fixture.run_in_client([&] { each.run(fixture.site()); });
//     }
//
// Cases use CHECK only: no exception may leave a fiber. Those of the disk run inside Offload, as
// node logic does, so that Catch2's assertions may come from a worker while all others wait.

#include <catch2/catch.hpp>
#include <span>
#include <string>
#include <vector>

#include "runtime/sync.h"
#include "runtime/world.h"

namespace geode::test {

struct ContractSite {
    World& server;
    World& client;
    std::string server_host;  ///< where `server` may listen, as `client` calls it
};

struct ContractCase {
    const char* name;
    void (*run)(const ContractSite&);
};

namespace contract {

/// A deadline for what must happen: long, so that a loaded machine does not fail a test.
inline MonoTime soon(World& world) {
    return world.deadline_in(seconds(60));
}

/// The error's code, or nothing for a value.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.code();
}

/// Both ends of a new connection. Null pointers, and a failed CHECK, if that cannot be had.
struct Pair {
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Connection> server;
    std::unique_ptr<Connection> client;
    explicit operator bool() const { return server != nullptr && client != nullptr; }
};

inline Pair connect_pair(const ContractSite& site) {
    Pair pair;
    FiberHandle accepting = site.server.spawn("contract.accept", [&] {
        Result<std::unique_ptr<Listener>> listener =
            site.server.network().listen({site.server_host, 0});
        CHECK(listener);
        if (!listener) return;
        pair.listener = *std::move(listener);
        Result<std::unique_ptr<Connection>> accepted = pair.listener->accept();
        CHECK(accepted);
        if (accepted) pair.server = *std::move(accepted);
    });
    const MonoTime deadline = soon(site.client);
    while (pair.listener == nullptr && !accepting.done() && site.client.now() < deadline) {
        site.client.sleep_for(milliseconds(1));
    }
    if (pair.listener == nullptr) return pair;
    Result<std::unique_ptr<Connection>> connected =
        site.client.network().connect(pair.listener->local(), deadline);
    CHECK(connected);
    if (connected) pair.client = *std::move(connected);
    if (!connected) accepting.cancel();
    accepting.join();
    return pair;
}

inline char pattern_byte(std::uint64_t stream, std::size_t position) {
    const std::uint64_t mixed = (position + stream * 7919) * 0x9e3779b97f4a7c15ULL;
    return static_cast<char>(mixed >> 56);
}

inline void send_pattern(World& world, Connection& to, std::uint64_t stream, std::size_t count) {
    Prng sizes(stream);
    for (std::size_t sent = 0; sent < count;) {
        std::string chunk(std::min<std::size_t>(1 + sizes.below(9000), count - sent), '\0');
        for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = pattern_byte(stream, sent + i);
        const Result<void> written = to.write_all(chunk, soon(world));
        CHECK(written);
        if (!written) return;
        sent += chunk.size();
    }
}

inline void expect_pattern(World& world, Connection& from, std::uint64_t stream,
                           std::size_t count) {
    Prng sizes(stream + 1);
    std::size_t received = 0;
    std::size_t wrong = 0;
    while (received < count) {
        std::string chunk(1 + sizes.below(20000), '\0');
        const Result<std::size_t> read = from.read_some(chunk, soon(world));
        CHECK(read);
        if (!read || *read == 0) break;
        for (std::size_t i = 0; i < *read; ++i) {
            wrong += chunk[i] != pattern_byte(stream, received + i) ? 1U : 0U;
        }
        received += *read;
    }
    CHECK(received == count);
    CHECK(wrong == 0);
}

// ---- network ----

inline void bytes_are_ordered_both_ways(const ContractSite& site) {
    constexpr std::size_t count = 1 << 20;
    const Pair pair = connect_pair(site);
    if (!pair) return;
    std::vector<FiberHandle> fibers;
    fibers.push_back(site.server.spawn(
        "contract.up", [&] { expect_pattern(site.server, *pair.server, 1, count); }));
    fibers.push_back(site.server.spawn("contract.down",
                                       [&] { send_pattern(site.server, *pair.server, 2, count); }));
    fibers.push_back(site.client.spawn("contract.send",
                                       [&] { send_pattern(site.client, *pair.client, 1, count); }));
    expect_pattern(site.client, *pair.client, 2, count);
    for (FiberHandle& fiber : fibers) fiber.join();
}

inline void read_deadline_consumes_nothing(const ContractSite& site) {
    const Pair pair = connect_pair(site);
    if (!pair) return;
    char byte = 0;
    const MonoTime deadline = site.client.deadline_in(milliseconds(20));
    const Result<std::size_t> early = pair.client->read_some({&byte, 1}, deadline);
    CHECK(code_of(early) == ErrorCode::timed_out);
    CHECK(site.client.now() >= deadline);
    FiberHandle sender = site.server.spawn(
        "contract.sender", [&] { CHECK(pair.server->write_all("ab", soon(site.server))); });
    for (const char expected : {'a', 'b'}) {
        const Result<std::size_t> read = pair.client->read_some({&byte, 1}, soon(site.client));
        CHECK(read);
        CHECK(byte == expected);
    }
    sender.join();
}

inline void nobody_there_is_refused(const ContractSite& site) {
    Pair pair = connect_pair(site);
    if (!pair) return;
    const Address address = pair.listener->local();
    pair.listener->close();
    const auto result = site.client.network().connect(address, soon(site.client));
    CHECK(code_of(result) == ErrorCode::refused);
}

inline void orderly_end_follows_the_bytes(const ContractSite& site) {
    Pair pair = connect_pair(site);
    if (!pair) return;
    FiberHandle sender = site.server.spawn("contract.sender", [&] {
        CHECK(pair.server->write_all("last words", soon(site.server)));
        pair.server->close();
    });
    std::string got;
    for (;;) {
        char buffer[4];
        const Result<std::size_t> read = pair.client->read_some(buffer, soon(site.client));
        CHECK(read);
        if (!read || *read == 0) break;
        got.append(buffer, *read);
    }
    CHECK(got == "last words");
    char byte = 0;
    const Result<std::size_t> again = pair.client->read_some({&byte, 1}, soon(site.client));
    CHECK(again);
    CHECK((again && *again == 0));
    sender.join();
}

inline void close_ends_the_waiting_reader(const ContractSite& site) {
    const Pair pair = connect_pair(site);
    if (!pair) return;
    bool ended = false;
    FiberHandle reader = site.client.spawn("contract.reader", [&] {
        char byte = 0;
        const Result<std::size_t> read = pair.client->read_some({&byte, 1}, soon(site.client));
        CHECK(code_of(read) == ErrorCode::closed);
        ended = true;
    });
    site.client.sleep_for(milliseconds(5));
    CHECK_FALSE(ended);
    pair.client->close();
    pair.client->close();
    reader.join();
    CHECK(ended);
    char byte = 0;
    CHECK(code_of(pair.client->read_some({&byte, 1}, soon(site.client))) == ErrorCode::closed);
    CHECK(code_of(pair.client->write_all("x", soon(site.client))) == ErrorCode::closed);
}

inline void writes_to_a_closed_peer_fail_sometime(const ContractSite& site) {
    const Pair pair = connect_pair(site);
    if (!pair) return;
    pair.server->close();
    const MonoTime deadline = soon(site.client);
    Result<void> written;
    while (written && site.client.now() < deadline) {
        written = pair.client->write_all("anybody?", deadline);
        if (written) site.client.sleep_for(milliseconds(1));
    }
    CHECK(code_of(written) == ErrorCode::closed);
    CHECK(code_of(pair.client->write_all("again", deadline)) == ErrorCode::closed);
}

inline void an_address_has_one_listener(const ContractSite& site) {
    const Pair pair = connect_pair(site);
    if (!pair) return;
    CHECK(pair.listener->local().port != 0);
    std::optional<ErrorCode> second;
    FiberHandle taking = site.server.spawn("contract.taking", [&] {
        second = code_of(site.server.network().listen(pair.listener->local()));
    });
    taking.join();
    CHECK(second == ErrorCode::address_in_use);
}

inline void close_ends_accept(const ContractSite& site) {
    const Pair pair = connect_pair(site);
    if (!pair) return;
    FiberHandle waiting = site.server.spawn("contract.waiting", [&] {
        CHECK(code_of(pair.listener->accept()) == ErrorCode::closed);
        CHECK(code_of(pair.listener->accept()) == ErrorCode::closed);
    });
    FiberHandle closing = site.server.spawn("contract.closing", [&] {
        site.server.sleep_for(milliseconds(5));
        pair.listener->close();
        // The port is free at once for a successor.
        CHECK(site.server.network().listen(pair.listener->local()));
    });
    closing.join();
    waiting.join();
}

// ---- clock, offload, random ----

inline void timers_fire_in_order_and_not_early(const ContractSite& site) {
    std::vector<std::int64_t> order;
    std::vector<FiberHandle> fibers;
    const MonoTime start = site.client.now();
    for (const std::int64_t millis : {30, 10, 20}) {
        fibers.push_back(site.client.spawn("contract.sleeper", [&order, &site, start, millis] {
            site.client.sleep_until(start + milliseconds(millis));
            CHECK(site.client.now() >= start + milliseconds(millis));
            order.push_back(millis);
        }));
    }
    for (FiberHandle& fiber : fibers) fiber.join();
    CHECK(order == std::vector<std::int64_t>{10, 20, 30});
}

inline void cancelled_timers_stay_silent(const ContractSite& site) {
    World& world = site.client;
    const MonoTime start = world.now();
    const WakeToken token = world.scheduler().park_token();
    CHECK(world.clock().wake_at(never, token) == 0);
    const TimerId cancelled = world.clock().wake_at(start + milliseconds(5), token);
    const TimerId kept = world.clock().wake_at(start + milliseconds(20), token);
    CHECK(cancelled != 0);
    CHECK(kept != cancelled);
    world.clock().cancel(cancelled);
    world.clock().cancel(cancelled);
    world.clock().cancel(0);
    CHECK(world.scheduler().park() == WakeReason::timed_out);
    CHECK(world.now() >= start + milliseconds(20));
    world.clock().cancel(kept);
    // A due timer still fires.
    world.clock().wake_at(start, world.scheduler().park_token());
    CHECK(world.scheduler().park() == WakeReason::timed_out);
}

inline void offload_returns_what_the_work_returned(const ContractSite& site) {
    const int answer = site.client.offload().run([] { return 42; });
    CHECK(answer == 42);
    bool ran = false;
    site.client.offload().run([&] { ran = true; });
    CHECK(ran);
}

inline void random_streams_depend_on_their_name_only(const ContractSite& site) {
    Random& random = site.client.random();
    Prng first = random.stream("elections");
    Prng other = random.stream("backoff");
    Prng again = random.stream("elections");
    const std::uint64_t draw = first.next();
    CHECK(again.next() == draw);
    CHECK(other.next() != draw);
}

// ---- disk ----

inline std::string contents(Disk& disk, std::string_view path) {
    const Result<std::unique_ptr<File>> file = disk.open(path, OpenMode::read);
    if (!file) return "<" + file.error().describe() + ">";
    const Result<std::uint64_t> size = (*file)->size();
    std::string bytes(size ? *size : 0, '\0');
    const Result<std::size_t> read = (*file)->read_at(0, bytes);
    bytes.resize(read ? *read : 0);
    return bytes;
}

inline void put(Disk& disk, std::string_view path, std::string_view bytes) {
    const Result<std::unique_ptr<File>> file = disk.open(path, OpenMode::truncate);
    CHECK(file);
    if (!file) return;
    CHECK((*file)->write_at(0, bytes));
    CHECK((*file)->sync());
}

inline void open_modes(Disk& disk) {
    CHECK(code_of(disk.open("f", OpenMode::read)) == ErrorCode::not_found);
    CHECK(disk.open("f", OpenMode::create_new));
    CHECK(code_of(disk.open("f", OpenMode::create_new)) == ErrorCode::already_exists);
    put(disk, "f", "hello");
    CHECK(disk.open("f", OpenMode::write));
    CHECK(contents(disk, "f") == "hello");
    CHECK(disk.open("f", OpenMode::truncate));
    CHECK(contents(disk, "f").empty());
    CHECK(code_of(disk.open("no/f", OpenMode::write)) == ErrorCode::not_found);
    CHECK(disk.open("g", OpenMode::write));
    CHECK(contents(disk, "g").empty());
}

inline void file_contents(Disk& disk) {
    const Result<std::unique_ptr<File>> opened = disk.open("f", OpenMode::create_new);
    CHECK(opened);
    if (!opened) return;
    File& file = **opened;
    CHECK(file.append("one"));
    CHECK(file.append("two"));
    CHECK(file.write_at(0, "O"));
    CHECK(file.write_at(8, "gap"));
    CHECK(contents(disk, "f") == std::string("Onetwo\0\0gap", 11));
    char buffer[4] = {};
    const Result<std::size_t> middle = file.read_at(3, {buffer, 3});
    CHECK((middle && *middle == 3));
    CHECK(std::string_view(buffer, 3) == "two");
    const Result<std::size_t> tail = file.read_at(9, buffer);
    CHECK((tail && *tail == 2));
    const Result<std::size_t> beyond = file.read_at(100, buffer);
    CHECK((beyond && *beyond == 0));
    CHECK(file.truncate(4));
    CHECK(contents(disk, "f") == "Onet");
    CHECK(file.truncate(6));
    CHECK(contents(disk, "f") == std::string("Onet\0\0", 6));
    CHECK(file.append("!"));
    CHECK(contents(disk, "f") == std::string("Onet\0\0!", 7));
    CHECK(file.sync());
}

inline void names(Disk& disk) {
    for (const char* name : {"b", "a", "B", "c10", "c9"}) put(disk, name, name);
    CHECK(disk.create_dir("d"));
    CHECK(disk.create_dir("d"));
    put(disk, "d/inner", "x");
    using Names = std::vector<std::string>;
    const Result<Names> root = disk.list("");
    CHECK((root && *root == Names{"B", "a", "b", "c10", "c9", "d"}));
    const Result<Names> inner = disk.list("d");
    CHECK((inner && *inner == Names{"inner"}));
    CHECK(code_of(disk.list("none")) == ErrorCode::not_found);
    CHECK(disk.rename("a", "b"));
    CHECK(contents(disk, "b") == "a");
    const Result<bool> old_name = disk.exists("a");
    CHECK((old_name && !*old_name));
    CHECK(code_of(disk.rename("a", "b")) == ErrorCode::not_found);
    CHECK(disk.rename("B", "d/moved"));
    CHECK(contents(disk, "d/moved") == "B");
    CHECK_FALSE(disk.remove_dir("d"));
    CHECK(disk.remove("d/moved"));
    CHECK(disk.remove("d/inner"));
    CHECK(disk.remove_dir("d"));
    CHECK(code_of(disk.remove("d/inner")) == ErrorCode::not_found);
    const Result<bool> gone = disk.exists("d");
    CHECK((gone && !*gone));
    CHECK(disk.sync_dir(""));
    CHECK(code_of(disk.sync_dir("d")) == ErrorCode::not_found);
}

inline void open_files_survive_their_name(Disk& disk) {
    put(disk, "f", "still here");
    const Result<std::unique_ptr<File>> file = disk.open("f", OpenMode::read);
    CHECK(file);
    if (!file) return;
    CHECK(disk.remove("f"));
    char buffer[5] = {};
    const Result<std::size_t> read = (*file)->read_at(0, buffer);
    CHECK((read && *read == 5));
    CHECK(std::string_view(buffer, 5) == "still");
}

inline void one_lock_holder(Disk& disk) {
    Result<std::unique_ptr<DirectoryLock>> lock = disk.lock("LOCK");
    CHECK(lock);
    CHECK(code_of(disk.lock("LOCK")) == ErrorCode::locked);
    lock = make_error(ErrorCode::closed);
    CHECK(disk.lock("LOCK"));
}

template <void (*check)(Disk&)>
void in_offload(const ContractSite& site) {
    site.client.offload().run([&] { check(site.client.disk()); });
}

}  // namespace contract

inline std::span<const ContractCase> world_contract() {
    static constexpr ContractCase cases[] = {
        {"bytes are ordered both ways", contract::bytes_are_ordered_both_ways},
        {"a read deadline consumes nothing", contract::read_deadline_consumes_nothing},
        {"nobody there is refused", contract::nobody_there_is_refused},
        {"an orderly end follows the bytes", contract::orderly_end_follows_the_bytes},
        {"close ends the waiting reader", contract::close_ends_the_waiting_reader},
        {"writes to a closed peer fail", contract::writes_to_a_closed_peer_fail_sometime},
        {"an address has one listener", contract::an_address_has_one_listener},
        {"close ends accept", contract::close_ends_accept},
        {"timers fire in order", contract::timers_fire_in_order_and_not_early},
        {"cancelled timers stay silent", contract::cancelled_timers_stay_silent},
        {"offload returns results", contract::offload_returns_what_the_work_returned},
        {"random streams have names", contract::random_streams_depend_on_their_name_only},
        {"open modes", contract::in_offload<contract::open_modes>},
        {"file contents", contract::in_offload<contract::file_contents>},
        {"names", contract::in_offload<contract::names>},
        {"open files survive their name",
         contract::in_offload<contract::open_files_survive_their_name>},
        {"one lock holder", contract::in_offload<contract::one_lock_holder>},
    };
    return cases;
}

}  // namespace geode::test
