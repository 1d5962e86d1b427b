module sallyport.test/limbo

go 1.21
