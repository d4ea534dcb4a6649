"""GAN training methods: the interface in ``base``, and one small file a stabilizer."""
