// A sealed recording that anybody may have written: any bytes, or blocks that were sealed with the right key and lie about
// everything else. A reader gives what was sealed or an error; what repair has finished can be read to its end.
#include "audio/wav.hpp"
#include "fuzz.hpp"
#include "recording/file.hpp"
#include "recording/reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace holdfast;
using recording::FileKey;

const char* const k_part_name = "CA00000000000000000000000000001234.g1.1.wav.sealed.part";
constexpr std::size_t k_blocks_max = 32;

FileKey the_key() {
    FileKey key{FileKey::Kind::key, base::Secret(), {}};
    for (char c = 0; c < 32; ++c) key.key.reveal() += c;
    return key;
}

// The one file there is.
class MemoryDisk : public recording::Disk {
  public:
    MemoryDisk() : file_(::memfd_create("recording", MFD_CLOEXEC)) { FUZZ_CHECK(file_ >= 0); }
    int open(const char*, int, mode_t) override { return ::dup(file_); }
    void put(const std::string& bytes) {
        FUZZ_CHECK(::ftruncate(file_, 0) == 0);
        FUZZ_CHECK(bytes.empty() || ::pwrite(file_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }

  private:
    const int file_;
};

struct Crafted {
    std::string file;
    std::string plain;  // what a reader may give of it
};

// A head that is ours, then each four bytes one block: how much of it is used, marks, where it says it stands.
Crafted craft(std::string_view orders) {
    const recording::Identity identity{*base::CallSid::parse("CA00000000000000000000000000001234"), "g1", 1, 1'790'000'000'000,
                                       250, "live", true};
    const auto seal = recording::Seal::create(the_key().key, recording::comment_of(identity, 0));
    FUZZ_CHECK(seal != nullptr);
    Crafted out{seal->head(), {}};
    std::string plain(recording::k_seal_plain_bytes, '\0'), sealed(recording::k_seal_block_bytes, '\0');
    for (std::size_t number = 0; orders.size() >= 4 && number < k_blocks_max; ++number, orders.remove_prefix(4)) {
        const auto byte = [&orders](std::size_t i) { return static_cast<unsigned char>(orders[i]); };
        plain.assign(plain.size(), static_cast<char>(number));
        const auto head = audio::wav_head_mulaw(byte(3) * std::size_t{16}, 2, recording::comment_of(identity, byte(3)));
        if (number == 0 && (byte(2) & 2) != 0) plain.replace(0, head.size(), head);
        const auto used = static_cast<std::size_t>(byte(0) | byte(1) << 8);
        const bool misplaced = (byte(2) & 4) != 0;
        FUZZ_CHECK(seal->seal(number + (misplaced ? byte(3) : 0), {used, (byte(2) & 1) != 0}, plain.data(), sealed.data()));
        if ((byte(2) & 8) != 0) sealed[byte(3)] = static_cast<char>(sealed[byte(3)] ^ 1);
        out.file += sealed;
        out.plain += plain.substr(0, used);
    }
    out.file += orders;  // a piece of a block
    return out;
}

// nullopt: not all of it can be read.
std::optional<std::string> read_all(MemoryDisk& disk) {
    auto reader = recording::read_sealed(disk.open("", 0, 0), the_key());
    if (!reader) return std::nullopt;
    FUZZ_CHECK((*reader)->bytes() >= 0);
    std::string out;
    while (static_cast<std::int64_t>(out.size()) < (*reader)->bytes()) {
        const auto piece = (*reader)->read(static_cast<std::int64_t>(out.size()), 5'000);
        if (!piece) return std::nullopt;
        FUZZ_CHECK(!piece->empty());
        out += *piece;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static MemoryDisk disk;
    if (size == 0) return 0;
    const auto text = fuzz::text(data, size).substr(1);
    const bool crafted = data[0] % 2 == 0;
    const auto made = crafted ? craft(text) : Crafted{std::string(text), {}};
    disk.put(made.file);
    const auto wav = read_all(disk);
    FUZZ_CHECK(!wav || !crafted || *wav == made.plain);

    auto file = recording::File::reopen(disk, "/nonexistent", k_part_name, [](const base::CallSid&) { return the_key(); });
    if (!file) return 0;
    FUZZ_CHECK((*file)->samples() >= 0);
    const auto finished = (*file)->finish((*file)->samples(), (*file)->lost_ms());
    FUZZ_CHECK(finished.has_value() && finished->lost_ms >= 0);
    const auto repaired = read_all(disk);
    FUZZ_CHECK(repaired && audio::read_wav_head(*repaired).has_value());
    return 0;
}
