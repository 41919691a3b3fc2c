// A sealed recording is the one in the clear, in another dress: whatever is written in whatever order, whatever cuts it off.
#include "unit/recording/recording_world.hpp"

#include "recording/limits.hpp"

#include <cerrno>
#include <iostream>
#include <random>

namespace holdfast::test {
namespace {

Identity identity() { return {k_call, "g1", 1, k_utc_ms, 250, "live"}; }
FileKeys keys_for(const FileKey& key) {
    return [key](const base::CallSid&) { return key; };
}

// Of write number `nth` only a beginning arrives. Then nothing any more, as if the process had been killed, or all is well again.
class TearingDisk : public Disk {
  public:
    ssize_t write(int fd, const char* data, std::size_t bytes, off_t at) override {
        if (dead_) return dead();
        if (writes++ != nth) return Disk::write(fd, data, bytes, at);
        dead_ = !recovers;
        (void)Disk::write(fd, data, bytes * part / 100, at);
        return dead();
    }
    int truncate(int fd, off_t bytes) override { return dead_ ? static_cast<int>(dead()) : Disk::truncate(fd, bytes); }
    int sync(int fd) override { return dead_ ? static_cast<int>(dead()) : Disk::sync(fd); }

    std::size_t nth = SIZE_MAX;
    std::size_t part = 0;  // of a hundred
    bool recovers = false;
    std::size_t writes = 0;

  private:
    static ssize_t dead() {
        errno = EIO;
        return -1;
    }
    bool dead_ = false;
};

class SealedFile : public ::testing::Test {
  protected:
    std::unique_ptr<File> create(Disk& on, const FileKey& key) {
        auto file = File::create(on, folder.path(), identity(), key);
        EXPECT_TRUE(file);
        return file ? std::move(*file) : nullptr;
    }
    std::int64_t up_to(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); }
    std::string noise(std::size_t samples) {
        std::string out(samples, '\0');
        for (char& c : out) c = static_cast<char>(random());
        return out;
    }
    std::string part(const std::string& name) const { return folder.path() + "/" + name + ".part"; }
    base::Result<Finished> repair(const std::string& name, const FileKey& key = k_file_key) {
        auto file = File::reopen(disk, folder.path(), name + ".part", keys_for(key));
        if (!file) return file.error();
        return (*file)->finish((*file)->samples(), (*file)->lost_ms());
    }

    TempFolder folder;
    Disk disk;
    std::mt19937 random{11};
};

TEST_F(SealedFile, IsTheOneInTheClearWhateverTheOrder) {
    for (int round = 0; round < 60; ++round) {
        auto clear = create(disk, FileKey()), sealed = create(disk, k_file_key);
        ASSERT_TRUE(clear && sealed);
        const auto longest = round % 3 == 0 ? 300 : round % 3 == 1 ? 9'000 : 80'000;
        for (auto step = up_to(20); step >= 0; --step) {
            const auto leg = up_to(1) == 0 ? Leg::caller : Leg::box;
            const auto at = up_to(clear->samples() + longest);
            if (up_to(9) == 0) {
                ASSERT_TRUE(clear->silence(leg, at));
                ASSERT_TRUE(sealed->silence(leg, at));
            } else {
                const auto sound = noise(static_cast<std::size_t>(up_to(longest)));
                ASSERT_TRUE(clear->write(leg, at, sound));
                ASSERT_TRUE(sealed->write(leg, at, sound));
            }
            ASSERT_EQ(sealed->samples(), clear->samples());
        }
        const auto samples = up_to(clear->samples() + longest);
        const auto one = clear->finish(samples, 7), other = sealed->finish(samples, 7);
        ASSERT_TRUE(one && other);
        EXPECT_EQ(other->sha256, one->sha256) << "round " << round;
        EXPECT_EQ(other->samples, one->samples);
        EXPECT_EQ(other->legs, one->legs);
        EXPECT_TRUE(wav_of(part(other->name)) == bytes_of(part(one->name))) << "round " << round;
        std::filesystem::remove(part(one->name));
        std::filesystem::remove(part(other->name));
    }
}

TEST_F(SealedFile, HasNothingOfTheSoundInIt) {
    auto file = create(disk, k_file_key);
    std::string sound;
    while (sound.size() < 16'000) sound += "a caller said this";
    ASSERT_TRUE(file->write(Leg::caller, 0, sound));
    ASSERT_TRUE(file->write(Leg::box, 0, sound));
    const auto growing = bytes_of(part(file->name()));
    ASSERT_TRUE(file->finish(16'000, 0));
    const auto finished = bytes_of(part(file->name()));
    for (const auto& bytes : {growing, finished}) {
        ASSERT_GT(bytes.size(), 32'000u);
        for (const std::string trace : {"aa  ccaalllleerr", "caller", "RIFF", "WAVE", k_file_key.key.reveal().c_str()}) {
            EXPECT_EQ(bytes.find(trace), std::string::npos) << trace;
        }
    }
    EXPECT_NE(wav_of(part(file->name())).find("aa  ccaalllleerr"), std::string::npos) << "it would have been found";
}

TEST_F(SealedFile, WithoutItsKeyNothingIsWritten) {
    const auto file = File::create(disk, folder.path(), identity(), FileKey{FileKey::Kind::unavailable, {}, {}});
    ASSERT_FALSE(file);
    EXPECT_STREQ(file.error().code, "key");
    EXPECT_EQ(file.error().condition, base::Condition::retry);
    EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST_F(SealedFile, AKillInTheMiddleOfAnyWriteLosesOnlyWhatWasBeingWritten) {
    std::size_t repaired = 0, lost = 0;
    for (std::size_t nth = 1;; ++nth) {
        bool reached = false;
        for (const std::size_t torn : {0, 1, 30, 50, 77, 99}) {
            TearingDisk killed;
            killed.nth = nth;
            killed.part = torn;
            auto clear = create(disk, FileKey());
            std::mt19937 same(5);
            std::string before, after;  // of the file in the clear, around the write that was cut off
            bool alive = true;
            auto on_killed = File::create(killed, folder.path(), Identity{k_call, "g2", 1, k_utc_ms, 250, "live"}, k_file_key);
            if (!on_killed) {
                alive = false;  // while it was created: then it is gone
                EXPECT_FALSE(std::filesystem::exists(part(k_call.str() + ".g2.1.wav.sealed")));
            }
            for (int second = 0; alive && second < 4; ++second) {
                for (const auto leg : {Leg::caller, Leg::box}) {
                    std::string sound(8'000, '\0');
                    for (char& c : sound) c = static_cast<char>(same());
                    before = bytes_of(part(clear->name()));
                    ASSERT_TRUE(clear->write(leg, second * 8'000, sound));
                    after = bytes_of(part(clear->name()));
                    alive = alive && (*on_killed)->write(leg, second * 8'000, sound).has_value();
                    if (!alive) break;
                }
            }
            if (alive) {
                before = after;
                alive = (*on_killed)->finish(32'000, 0).has_value();
            }
            reached = reached || !alive;
            if (on_killed) {
                const auto name = (*on_killed)->name();
                on_killed->reset();
                const auto finished = repair(name);
                ASSERT_TRUE(finished) << nth << " " << torn << " " << finished.error().detail;
                ++repaired;
                lost += finished->lost_ms > 0;
                const auto wav = wav_of(part(name));
                const auto head = audio::read_wav_head(wav);
                ASSERT_TRUE(head);
                const std::size_t from = head->data_offset;
                // Each byte is the old one, the new one, or silence; and of blocks that were not touched, the old one.
                std::int64_t silent = 0;
                for (std::size_t i = from; i < wav.size(); ++i) {
                    const bool old_one = i < before.size() && wav[i] == before[i];
                    const bool new_one = i < after.size() && wav[i] == after[i];
                    if (old_one || new_one) continue;
                    ASSERT_EQ(wav[i], static_cast<char>(audio::k_mulaw_silence)) << nth << " " << torn << " " << i;
                    ++silent;
                }
                EXPECT_GE(finished->lost_ms, silent / 16) << nth << " " << torn;
                // The piece that was written touches at most six blocks; the torn one among them is one.
                EXPECT_LE(finished->lost_ms, 2 * 256) << nth << " " << torn;
                EXPECT_GE(wav.size() + k_seal_plain_bytes, before.size()) << nth << " " << torn;
                std::filesystem::remove(part(name));
            }
            std::filesystem::remove(part(clear->name()));
        }
        if (!reached) {
            EXPECT_GT(nth, 10u);
            break;
        }
    }
    EXPECT_GT(lost, 5u) << "blocks were torn";
    EXPECT_GT(repaired, 50u);
}

TEST_F(SealedFile, AWriteThatTearsABlockCostsThatBlockAndTheRecordingGoesOn) {
    std::size_t lost = 0;
    for (std::size_t nth = 2; nth < 12; ++nth) {
        for (const std::size_t torn : {1, 30, 50, 77, 99}) {
            TearingDisk torn_once;
            torn_once.nth = nth;
            torn_once.part = torn;
            torn_once.recovers = true;
            auto file = create(torn_once, k_file_key);
            int refused = 0;
            std::string caller;
            for (int second = 0; second < 5; ++second) {
                const auto sound = noise(8'000);
                refused += !file->write(Leg::caller, second * 8'000, sound);
                refused += !file->write(Leg::box, second * 8'000, sound);
                caller += sound;
            }
            const auto finished = file->finish(40'000, 0);
            ASSERT_EQ(refused, 1) << nth;
            ASSERT_TRUE(finished) << nth << " " << torn;
            const auto legs = legs_of(part(file->name()));
            ASSERT_EQ(legs.caller.size(), 40'000u);
            std::int64_t silent = 0;
            for (std::size_t i = 0; i < caller.size(); ++i) {
                if (legs.caller[i] == caller[i]) continue;
                ASSERT_EQ(legs.caller[i], '\xff') << nth << " " << torn << " " << i;
                ++silent;
            }
            EXPECT_LE(silent, 8'000 + 2'048) << "the write that failed, and the block that it tore";
            lost += finished->lost_ms > 0;
            std::filesystem::remove(part(file->name()));
        }
    }
    EXPECT_GT(lost, 5u) << "blocks were torn";
}

// What was not synced reaches the disk in any order or not at all, sector by sector; what was synced and not written since stays.
TEST_F(SealedFile, APowerCutCostsWhatWasNotSynced) {
    constexpr std::size_t k_sector = 512;
    for (int round = 0; round < 200; ++round) {
        auto file = create(disk, k_file_key);
        const auto name = file->name();
        ASSERT_TRUE(file->write(Leg::caller, 0, noise(30'000)));
        ASSERT_TRUE(file->write(Leg::box, 0, noise(30'000)));
        ASSERT_TRUE(file->sync());
        const auto synced = bytes_of(part(name));
        for (int i = 0; i < 4; ++i) ASSERT_TRUE(file->write(i % 2 ? Leg::box : Leg::caller, 25'000 + up_to(20'000), noise(8'000)));
        const auto later = bytes_of(part(name));
        file.reset();
        const auto grown = static_cast<std::int64_t>(later.size() - synced.size());
        std::string left = later.substr(0, synced.size() + static_cast<std::size_t>(up_to(grown)));
        for (std::size_t at = 0; at < left.size(); at += k_sector) {
            if (up_to(1) == 0) continue;
            const auto count = std::min(k_sector, left.size() - at);
            std::string old = at < synced.size() ? synced.substr(at, count) : std::string();
            old.resize(count, '\0');
            left.replace(at, count, old);
        }
        // The WAV as it was when it was synced, to compare with.
        std::ofstream(part(name), std::ios::binary | std::ios::trunc) << synced;
        ASSERT_TRUE(repair(name));
        const auto before = wav_of(part(name));
        std::ofstream(part(name), std::ios::binary | std::ios::trunc) << left;
        const auto finished = repair(name);
        ASSERT_TRUE(finished) << round;
        const auto after = wav_of(part(name));
        const auto head = audio::read_wav_head(after);
        ASSERT_TRUE(head);
        const auto untouched = (head->data_offset + 2 * 25'000) / k_seal_plain_bytes * k_seal_plain_bytes;
        EXPECT_TRUE(after.substr(head->data_offset, untouched - head->data_offset) ==
                    before.substr(head->data_offset, untouched - head->data_offset)) << round;
        std::int64_t silent = 0;
        for (std::size_t i = untouched; i < after.size(); ++i) silent += after[i] == '\xff';
        EXPECT_GE(finished->lost_ms, 0);
        EXPECT_LE(finished->lost_ms, (silent + 15) / 8) << "no more is called lost than is silence";
        std::filesystem::remove(part(name));
    }
}

TEST_F(SealedFile, ATornBlockIsSilenceAndCountedAndTheRestStays) {
    for (const std::size_t torn : {0, 1, 4, 7}) {
        auto file = create(disk, k_file_key);
        const auto name = file->name();
        const auto caller = noise(16'000);
        ASSERT_TRUE(file->write(Leg::caller, 0, caller));
        const auto samples = file->samples();
        file.reset();
        auto bytes = bytes_of(part(name));
        bytes.replace(k_seal_head_bytes + torn * k_seal_block_bytes + 100, 2'000, 2'000, 'x');
        std::ofstream(part(name), std::ios::binary | std::ios::trunc) << bytes;
        const auto finished = repair(name);
        ASSERT_TRUE(finished);
        const auto wav = wav_of(part(name));
        const auto head = audio::read_wav_head(wav);
        ASSERT_TRUE(head) << "also when the torn one was its block";
        EXPECT_EQ(finished->identity.retention_class, "live");
        EXPECT_EQ(finished->identity.utc_ms, k_utc_ms);
        EXPECT_EQ(finished->identity.offset_ms, 250);
        const auto from = std::max(torn * k_seal_plain_bytes, head->data_offset);
        std::string expected = wav.substr(0, head->data_offset);
        for (const char c : caller) expected += std::string{c, '\xff'};
        const auto to = (torn + 1) * k_seal_plain_bytes;
        if (torn < 7) {
            for (auto i = from; i < to; ++i) expected[i] = '\xff';
            EXPECT_TRUE(wav == expected) << torn;
            EXPECT_EQ(finished->samples, samples);
            EXPECT_EQ(finished->lost_ms, static_cast<std::int64_t>(to - from) / 8);
        } else {
            EXPECT_EQ(finished->lost_ms, 512) << "how much of the last one was there, nobody knows";
            EXPECT_TRUE(wav.substr(wav.size() - k_seal_plain_bytes + 200) == std::string(k_seal_plain_bytes - 200, '\xff'));
        }
        // Repaired once, it is whole; a second repair changes nothing.
        const auto again = repair(name);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->sha256, finished->sha256);
        EXPECT_EQ(again->lost_ms, finished->lost_ms);
        std::filesystem::remove(part(name));
    }
}

TEST_F(SealedFile, RepairWithAWrongKeyTouchesNothing) {
    auto file = create(disk, k_file_key);
    const auto name = file->name();
    ASSERT_TRUE(file->write(Leg::caller, 0, noise(16'000)));
    file.reset();
    const auto before = bytes_of(part(name));
    for (const auto& key : {key_like('w'), FileKey(), FileKey{FileKey::Kind::unavailable, {}, {}}}) {
        const auto finished = repair(name, key);
        ASSERT_FALSE(finished);
        EXPECT_STREQ(finished.error().code, "key");
        EXPECT_TRUE(bytes_of(part(name)) == before);
    }
    EXPECT_TRUE(repair(name));
}

// Not a measurement to compare machines by, but it would show a cost that grows with the file.
TEST_F(SealedFile, CostsLittle) {
    const int seconds = 600;
    const auto run = [&](const FileKey& key) {
        auto file = create(disk, key);
        const auto sound = noise(8'000);
        const auto begin = std::chrono::steady_clock::now();
        for (int second = 0; second < seconds; ++second) {
            EXPECT_TRUE(file->write(Leg::caller, second * 8'000, sound));
            EXPECT_TRUE(file->write(Leg::box, second * 8'000, sound));
        }
        const auto written = std::chrono::steady_clock::now();
        EXPECT_TRUE(file->finish(seconds * 8'000, 0));
        const auto finished = std::chrono::steady_clock::now();
        const auto us = [seconds](auto time) { return time / 1us / seconds; };
        std::cout << (key.kind == FileKey::Kind::key ? "sealed: " : "clear: ") << us(written - begin)
                  << " us to write a second of both legs, " << us(finished - written) << " us to finish it\n";
        return us(finished - begin);
    };
    run(FileKey());
    EXPECT_LT(run(k_file_key), 20'000) << "us for a second of audio: 50 calls would fill the thread";
}

}  // namespace
}  // namespace holdfast::test
