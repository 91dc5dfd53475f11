; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.nemesis
  "Jepsen's own combined nemeses: partitions, kills, pauses, clocks."
  (:require [jepsen.nemesis.combined :as nc]))

(def all-faults #{:partition :kill :pause :clock})

(defn package
  "For a set of faults and the mean seconds between two of them."
  [{:keys [db faults interval]}]
  (nc/nemesis-package
    {:db        db
     :faults    faults
     :interval  interval
     :partition {:targets [:one :majority :majorities-ring]}
     :kill      {:targets [:one :majority :all]}
     :pause     {:targets [:one :majority]}}))
