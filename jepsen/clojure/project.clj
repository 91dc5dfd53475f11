; SPDX-License-Identifier: Apache-2.0
(defproject geode-jepsen "0.1.0"
  :description "Jepsen tests of Geode, for people who have Jepsen itself"
  :license {:name "Apache-2.0"}
  :main geode.jepsen.core
  :dependencies [[org.clojure/clojure "1.11.1"]
                 [jepsen "0.3.5"]])
