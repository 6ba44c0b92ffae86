"""How a study is started, and started again after a kill or a power cut: `ergit run`."""
