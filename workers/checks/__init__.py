"""What `./run doctor` looks at: one function a question, which writes nothing and answers in one sentence."""
