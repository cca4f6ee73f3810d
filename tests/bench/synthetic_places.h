// Records of places that do not exist, for benchmarks: the same ones for the same seed, asked for in the same order.
//
// A description has 60 words: some of the field's, the rest of an invented language of 20,000 words in which, as in any,
// few words are frequent and most are rare. Every place has a word of its own in its name, as places do.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace maillage::bench {

class SyntheticPlaces {
 public:
  explicit SyntheticPlaces(unsigned seed) : random_(seed) {
    for (const char* word : kField) words_.emplace_back(word);
    while (words_.size() < 20'000) words_.push_back(invented(random_() % 1'000'000 + 400));
  }

  // About 900 bytes, as a filled-in form gives.
  std::string profile(std::uint32_t number) {
    std::size_t first = random_() % std::size(kActivities), step = 1 + random_() % (std::size(kActivities) - 1);
    std::string second = kActivities[(first + step) % std::size(kActivities)];
    return R"({"kind": "profile", "name": ")" + text(2) + " " + invented(number + 8'000'000) + R"(", "description": ")" + text(60) +
           R"(", "activities": [")" + kActivities[first] + R"(", ")" + second + R"("], "services": ["kitchen"], "stage": ")" +
           (random_() % 4 ? "open" : "project") + R"(", "address": {"street": "12 rue", "insee": ")" +
           kCommunes[random_() % std::size(kCommunes)] + R"("}, "geo": {"lat": )" + std::to_string(degrees(43, 8)) +
           R"(, "lon": )" + std::to_string(degrees(-4, 11)) + R"(}, "openingHours": "Tu-Fr 14:00-18:00; Sa 10:00-17:00"})";
  }

  // A record beside the profile: its path and its JSON, 500 to 700 bytes. Of ten, six are events of 2027, two resources, a
  // need and an offer. `number` is counted in one place.
  std::pair<std::string, std::string> record(std::uint32_t number) {
    std::string name = std::string(1, '-').append(std::to_string(number)).append(".json");
    std::string start = R"({"name": ")" + text(4) + R"(", "description": ")" + text(35) + R"(", "language": "fr", "licence": "CC-BY-SA-4.0", )";
    switch (number % 10) {
      case 6:
      case 7:
        return {"resources/machine" + name, start + R"("kind": "resource", "type": "equipment", "activities": ["fablab"], "terms": {"action": ["use"], )" +
                                                R"("rates": [{"amount": 10, "currency": "EUR", "per": "hour"}], "audience": ["everyone"]}})"};
      case 8:
        return {"needs/need" + name, start + R"("kind": "need", "topics": ["equipment", "repair"], "quantity": 5, "state": "open", "until": "2027-12-31"})"};
      case 9:
        return {"offers/offer" + name, start + R"("kind": "offer", "topics": ["advice", "governance"], "state": "open", "audiences": ["third-places"]})"};
      default:
        break;
    }
    char day[32];
    unsigned month = 1 + number % 3, date = 1 + random_() % 28;
    std::snprintf(day, sizeof day, "2027-%02u-%02uT14:00:00", month, date);
    std::string end = std::string(day, 11) + "17:30:00";
    return {"events/" + std::string(day, 7) + "/event" + name,
            start + R"("kind": "event", "type": "workshop", "start": ")" + day + R"(", "end": ")" + end +
                R"(", "timeZone": "Europe/Paris", "attendance": "on-site", "activities": ["repair-cafe"], "price": [{"amount": 0}]})"};
  }

 private:
  static constexpr const char* kField[] = {"atelier", "fabrique", "numérique", "réparation", "vélo", "jardin", "cuisine", "coworking",
                                           "fab lab", "couture", "bois", "quartier", "rural", "médiation", "culture", "café",
                                           "entraide", "Saint", "Étienne", "hôtel", "manufacture", "école", "partagé", "commun"};
  static constexpr const char* kActivities[] = {"coworking", "fablab", "repair-cafe", "shared-workshop", "cultural-place", "meeting-room"};
  static constexpr const char* kCommunes[] = {"59350", "29039", "75111", "69381", "13055", "35238", "33063", "97411", "67482", "44109"};
  static constexpr const char* kSyllables[] = {"ba", "ri", "mé", "to", "lan", "cu", "vè", "son", "di", "pra",
                                               "gou", "né", "fil", "jo", "ter", "sa", "ble", "qui", "mar", "ço"};

  static std::string invented(std::uint32_t number) {
    std::string word;
    for (; number > 0; number /= 20) word += kSyllables[number % 20];
    return word;
  }

  std::string text(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      double part = static_cast<double>(random_() % 1'000'000) / 1e6;
      auto word = static_cast<std::size_t>(std::pow(static_cast<double>(words_.size()), part)) - 1;
      text.append(i ? " " : "").append(words_[word]);
    }
    return text;
  }

  double degrees(double from, double width) { return from + width * static_cast<double>(random_() % 100'000) / 1e5; }

  std::mt19937 random_;
  std::vector<std::string> words_;
};

}  // namespace maillage::bench
