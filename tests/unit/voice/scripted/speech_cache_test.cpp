#include "voice/scripted/speech_cache.hpp"

#include "audio/wav.hpp"
#include "base/base64.hpp"
#include "base/sha256.hpp"
#include "metrics/catalog.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace holdfast::voice::scripted {
namespace {

class SpeechCacheTest : public testing::Test {
  protected:
    SpeechCacheTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-clips.XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder = pattern;
        for (const char* language : {"en", "es"}) std::filesystem::create_directory(folder + "/" + language);
    }
    ~SpeechCacheTest() override { std::filesystem::remove_all(folder); }

    void put(Sentence sentence, Language language, const std::string& mulaw) {
        const std::string wav = audio::write_wav_mulaw(mulaw);
        const std::string path = clip_path(sentence, language);
        write(path, wav);
        entries.push_back({base::sha256_hex(wav), clip_words_hash(sentence, language), path});
    }
    void write(const std::string& path, const std::string& bytes) const {
        std::ofstream(folder + "/" + path, std::ios::binary) << bytes;
    }
    std::shared_ptr<SpeechCache> load() {
        write(k_clip_list, write_clip_list(entries));
        return SpeechCache::load(folder);
    }

    std::string folder;
    std::vector<ClipEntry> entries;
};

TEST_F(SpeechCacheTest, GivesBackWhatWasMade) {
    put(Sentence::where, Language::en, std::string(800, 'A'));
    put(Sentence::where, Language::es, std::string(400, 'B'));
    const auto cache = load();
    ASSERT_NE(cache->find(Sentence::where, Language::en), nullptr);
    EXPECT_EQ(*cache->find(Sentence::where, Language::en), base::base64_encode(std::string(800, 'A')));
    EXPECT_EQ(*cache->find(Sentence::where, Language::es), base::base64_encode(std::string(400, 'B')));
    EXPECT_EQ(cache->find(Sentence::what, Language::en), nullptr);
    EXPECT_EQ(cache->loaded(), 2u);
    EXPECT_EQ(cache->refused(), 0u);
}

// E09
TEST_F(SpeechCacheTest, LeavesOutEveryDamagedClipAndCountsIt) {
    put(Sentence::where, Language::en, std::string(800, 'A'));
    put(Sentence::what, Language::en, std::string(800, 'A'));
    std::string flipped = audio::write_wav_mulaw(std::string(800, 'A'));
    flipped[flipped.size() - 5] = 'x';
    write(clip_path(Sentence::where, Language::en), flipped);
    const auto before = metrics::clip_hash_fail_total.value("damaged");
    const auto cache = load();
    EXPECT_EQ(cache->find(Sentence::where, Language::en), nullptr);
    EXPECT_NE(cache->find(Sentence::what, Language::en), nullptr);
    EXPECT_EQ(cache->refused(), 1u);
    EXPECT_EQ(metrics::clip_hash_fail_total.value("damaged"), before + 1);
}

TEST_F(SpeechCacheTest, LeavesOutClipsOfOtherWords) {
    put(Sentence::where, Language::en, std::string(800, 'A'));
    entries[0].words_hash = clip_words_hash(Sentence::what, Language::en);
    EXPECT_EQ(load()->find(Sentence::where, Language::en), nullptr);
}

TEST_F(SpeechCacheTest, LeavesOutMissingAndOverlongFiles) {
    put(Sentence::where, Language::en, std::string(800, 'A'));
    std::filesystem::remove(folder + "/" + clip_path(Sentence::where, Language::en));
    put(Sentence::what, Language::en, std::string(k_clip_bytes_max + 8000, 'A'));
    const auto cache = load();
    EXPECT_EQ(cache->loaded(), 0u);
    EXPECT_EQ(cache->refused(), 2u);
}

TEST_F(SpeechCacheTest, IsEmptyWithoutAFolderOrAList) {
    EXPECT_EQ(SpeechCache::load("")->loaded(), 0u);
    EXPECT_EQ(SpeechCache::load(folder + "/none")->loaded(), 0u);
}

TEST_F(SpeechCacheTest, KeepsAWholeFreshSentenceOnce) {
    SpeechCache cache;
    cache.keep(Sentence::where, Language::en, "abc");
    cache.keep(Sentence::where, Language::en, "other");
    cache.keep(Sentence::what, Language::en, std::string(k_clip_bytes_max + 1, 'A'));
    ASSERT_NE(cache.find(Sentence::where, Language::en), nullptr);
    EXPECT_EQ(*cache.find(Sentence::where, Language::en), base::base64_encode("abc"));
    EXPECT_EQ(cache.find(Sentence::what, Language::en), nullptr);
    EXPECT_EQ(cache.find(Sentence::where, Language::es), nullptr);
}

TEST(ClipList, LeavesOutLinesThatAreNone) {
    const std::string hash(64, 'a');
    const std::string good = hash + " " + hash + " en/where.wav\n";
    const auto entries = read_clip_list("rubbish\n" + hash + " short en/x.wav\n" + good + hash + "\n\n" +
                                        std::string(64, 'Z') + " " + hash + " en/y.wav\n" + good.substr(0, 100));
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].path, "en/where.wav");
}

TEST(Sha256, IsTheStandardOne) {
    EXPECT_EQ(base::sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace holdfast::voice::scripted
