// I1: what was acknowledged is there after the power was cut, wherever it was cut.
#include "unit/store/journal_world.hpp"

#include "store/check.hpp"
#include "support/power_cut_vfs.hpp"

#include <cstdlib>
#include <random>
#include <set>

namespace holdfast::test {
namespace {

// Cuts in an ordinary run; a soak sets HOLDFAST_POWER_CUTS (a thousand takes about a minute).
constexpr int k_cuts = 100;
constexpr std::uint64_t k_operations_max = 400;  // of the disk: three starts and some hundred rows

int cuts() {
    const char* wanted = std::getenv("HOLDFAST_POWER_CUTS");
    return wanted == nullptr ? k_cuts : std::atoi(wanted);
}

class PowerCut : public JournalTest {
  protected:
    // Lives of the daemon until the power is cut: rows alone and in batches, stops and starts between.
    void live(PowerCutVfs& power, std::mt19937& chance, AckBox& box) {
        std::size_t number = 0;
        while (!power.cut()) {
            open();
            (void)journal->append(opened(1), box.next(k_other));
            const auto rows = 20 + chance() % 60;
            for (std::size_t i = 0; i < rows && !power.cut(); ++i) {
                (void)journal->append(said(1, std::to_string(number)), box.next(number));
                ++number;
                const std::string padding(chance() % 2 == 0 ? 10 : 5000, 'x');
                (void)journal->append(said(2, padding), box.next(k_other));
                // A question comes back after the rows before it: sometimes each row is its own batch.
                if (chance() % 3 == 0) (void)call(3);
            }
            journal->stop(power.cut() ? 0ms : 200ms);  // the power may go in the middle of it
            journal.reset();
        }
    }
    static constexpr std::size_t k_other = SIZE_MAX;
};

TEST_F(PowerCut, I1_NothingAcknowledgedIsLost) {
    std::size_t acknowledged_in_all = 0;
    for (int seed = 1; seed <= cuts(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 chance(static_cast<std::uint32_t>(seed));
        const TempFolder folder_;
        const TempFolder run_;
        options.path = folder_ / "holdfast.db";
        options.runtime_path = run_.path();
        options.ballast_bytes = 0;
        PowerCutVfs power(static_cast<std::uint32_t>(seed), 1 + chance() % k_operations_max);
        options.vfs = power.name();
        AckBox box;
        live(power, chance, box);
        power.restore_files();
        std::filesystem::remove(emergency_path());  // it was in memory

        options.vfs.clear();
        open();
        EXPECT_TRUE(files_like(folder(), ".damaged-").empty());
        std::multiset<std::string> there;
        if (const auto detail = call(1)) {
            for (const auto& row : detail->utterances) there.insert(row.utterance.text.reveal());
        }
        for (const auto& [row, committed] : box.all()) {
            if (row == k_other || !committed.durable || committed.emergency) continue;
            ++acknowledged_in_all;
            EXPECT_EQ(there.count(std::to_string(row)), 1u) << "row " << row;
        }
        close();
        const auto report = store::check_file(options.path);
        ASSERT_TRUE(report) << report.error().code;
        EXPECT_TRUE(report->good()) << report->findings.at(0).check << ": " << report->findings.at(0).detail;
        if (HasFailure()) break;
    }
    EXPECT_GT(acknowledged_in_all, static_cast<std::size_t>(cuts())) << "the test tests nothing";
}

}  // namespace
}  // namespace holdfast::test
