// What a killed daemon leaves is finished by the next one.
#include "unit/recording/recording_world.hpp"

#include "metrics/catalog.hpp"

#include <sys/wait.h>

#include <csignal>
#include <thread>

namespace holdfast::test {
namespace {

class Repair : public BothWays {
  protected:
    // A file as a kill leaves it: head without a length, one and a half frames of audio.
    std::string leave_part(std::size_t cut = 0) {
        Disk disk;
        auto file = File::create(disk, folder.path(), Identity{k_call, "g1", 1, k_utc_ms, 250, "canned"},
                                 sealed ? k_file_key : FileKey());
        EXPECT_TRUE(file);
        EXPECT_TRUE((*file)->write(Leg::caller, 0, sound('c', 500)));
        EXPECT_TRUE((*file)->write(Leg::box, 800, sound('b', 100)));
        const std::string path = path_of() + ".part";
        std::filesystem::resize_file(path, std::filesystem::file_size(path) - cut);
        return path;
    }
};

TEST_P(Repair, P01_AKilledDaemonLosesASecondAtMost) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        open();
        auto call = start();
        for (int i = 0; i < 149; ++i) {
            call->caller(frame('c'), 20 * i);
            call->box(frame('b'), 20 * i);
            now += 20ms;
        }
        // Both whole seconds are on their way; killed when they are in the file.
        const auto until = std::chrono::steady_clock::now() + k_deadline;
        std::error_code ec;
        while (std::filesystem::file_size(path_of() + ".part", ec) < (sealed ? 34'000u : 32'000u) || ec) {
            if (std::chrono::steady_clock::now() > until) std::_Exit(1);
            std::this_thread::yield();
        }
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto repaired = metrics::recordings_total.value("repaired");
    open();
    close();
    EXPECT_EQ(metrics::recordings_total.value("repaired"), repaired + 1);
    ASSERT_EQ(files_in(folder.path()), std::vector<std::string>{name_of()});
    const auto legs = legs_of(path_of());
    EXPECT_GE(legs.caller.size(), 16'000u);
    EXPECT_TRUE(legs.caller.substr(0, 16'000) == sound('c', 2000));
    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].call, k_call);
    EXPECT_EQ(rows[0].duration_ms, static_cast<std::int64_t>(legs.caller.size()) / 8);
}

TEST_P(Repair, MakesTheRowFromTheFileAlone) {
    leave_part();
    open();
    close();
    const auto legs = legs_of(path_of());
    EXPECT_EQ(legs.caller, sound('c', 500));
    EXPECT_EQ(legs.box, quiet(100) + sound('b', 100) + quiet(300));
    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].utc_ms, k_utc_ms);
    EXPECT_EQ(rows[0].offset_ms, 250);
    EXPECT_EQ(rows[0].retention_class, "canned");
    EXPECT_EQ(rows[0].legs, "both");
    EXPECT_EQ(rows[0].duration_ms, 500);
}

TEST_P(Repair, CutsAHalfWrittenEnd) {
    leave_part(1);
    open();
    close();
    const auto head = audio::read_wav_head(wav_of(path_of()))->data_offset;
    // In the clear it is a sample; sealed, the block that is not whole.
    const auto samples = sealed ? (2 * k_seal_plain_bytes - head) / 2 : 3999u;
    ASSERT_LT(samples, 4000u);
    EXPECT_EQ(legs_of(path_of()).caller, sound('c', 500).substr(0, samples));
}

TEST_P(Repair, ChangesNothingInAFileThatWasFinishedBeforeTheCrash) {
    journal.durable = false;  // the row is not acknowledged: the name stays
    open();
    start()->caller(frame('c'), 0);
    close();
    const auto before = bytes_of(path_of() + ".part");
    journal.durable = true;
    open();
    close();
    EXPECT_TRUE(bytes_of(path_of()) == before);
    const auto rows = journal.rows<store::Recording>();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].sha256, rows[1].sha256) << "the journal takes the second for the first";
    EXPECT_EQ(rows[0].path, rows[1].path);
}

TEST_P(Repair, LeavesWhatItDoesNotUnderstand) {
    const std::string other = folder.path() + "/CA00000000000000000000000000005678" + name_of().substr(k_call.str().size()) + ".part";
    std::filesystem::rename(leave_part(), other);  // its head speaks of another call
    std::ofstream(path_of() + ".part") << std::string(5000, 'x');
    std::ofstream(folder.path() + "/notes.part") << "mine";
    const auto files = files_in(folder.path());
    open();
    close();
    EXPECT_EQ(files_in(folder.path()), files);
    EXPECT_TRUE(journal.rows<store::Recording>().empty());
}

TEST_P(Repair, DeletesAFileInWhichNothingIs) {
    std::ofstream(path_of() + ".part") << "";
    open();
    close();
    EXPECT_TRUE(files_in(folder.path()).empty());
}

TEST_P(Repair, SurvivesAPartCutAnywhereInItsHead) {
    const auto whole = bytes_of(leave_part());
    const auto head = sealed ? k_seal_head_bytes + k_seal_block_bytes : audio::read_wav_head(whole)->data_offset;
    for (std::size_t size = 1; size < head; ++size) {
        std::ofstream(path_of() + ".part", std::ios::binary | std::ios::trunc) << whole.substr(0, size);
        Disk disk;
        EXPECT_FALSE(File::reopen(disk, folder.path(), name_of() + ".part", options.keys)) << size;
    }
}

INSTANTIATE_TEST_SUITE_P(BothWays, Repair, ::testing::Bool(), Repair::name);

}  // namespace
}  // namespace holdfast::test
